// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";

/// `amount` in ledger units; more than the balance means all of it.
struct Withdrawal {
    address account;
    uint64 seat;
    uint128 amount;
    address to;
    uint32 nonce;
    uint32 deadline;
}

/// `amount`, in ledger units of the first seat's area, moves to another seat of the same account.
struct MovePurse {
    address account;
    uint64 from;
    uint64 to;
    uint128 amount;
    uint32 nonce;
    uint32 deadline;
}

/// The open request of a seat; `amount` 0 means none. `toSeat` is 0 where tokens leave, to `to`.
struct WithdrawalView {
    uint128 amount;
    address to;
    uint64 toSeat;
    uint32 claimableAt;
    uint32 nextNonce;
}

/// Purses: nobody may move one except by a settlement that the contract has recomputed, or to where its account said.
interface IPurses is ICommon {
    /// `amount` is in ledger units, `tokens` in base units of the token.
    event Deposited(uint64 indexed seat, address indexed from, uint128 amount, uint256 tokens);
    /// `nextNonce`: the seat's next request must carry this, here and in `MoveRequested`.
    event WithdrawalRequested(uint64 indexed seat, uint128 amount, address to, uint32 claimableAt, uint32 nextNonce);
    event MoveRequested(uint64 indexed seat, uint128 amount, uint64 to, uint32 claimableAt, uint32 nextNonce);
    event WithdrawalClaimed(uint64 indexed seat, uint128 amount, address to, uint256 tokens);
    /// `amount` in units of the first area, `arrived` in those of the second.
    event PurseMoved(uint64 indexed seat, uint64 indexed to, uint128 amount, uint128 arrived);
    event GridWithdrawn(uint32 indexed area, uint128 amount, address to, uint256 tokens);

    /// The amount is less than one unit.
    error NothingToMove();
    /// The escrow cannot keep this much for one area.
    error TooMuch();
    /// The token moved another amount than was asked: tokens with fees are refused.
    error TokenTookFee(uint256 asked, uint256 moved);
    /// Tokens cannot be sent there.
    error BadRecipient(address to);
    /// This permit has paid for a deposit already.
    error PermitUsed(bytes32 digest);
    /// A withdrawal's nonce is the seat's next one.
    error WrongNonce(uint32 next);
    /// No request is open.
    error NothingRequested(uint64 seat);
    /// The grid purse holds less.
    error GridPurseTooSmall(uint128 balance);

    /// Takes what the ledger can represent of `tokens` from the caller, into any seat's purse. With six decimals and the default
    /// tick that is all of it; with more decimals the rest below one ledger unit is left with the caller.
    function deposit(uint64 seat, uint256 tokens) external;
    /// Takes `tokens` from the seat's own account, once, by the ERC-2612 permit that it signed last, whoever handed it to the token;
    /// anyone may relay. A contract wallet signs by EIP-1271, where the token takes such permits.
    function depositWithPermit(uint64 seat, uint256 tokens, uint256 deadline, bytes calldata signature) external;
    /// Replaces the seat's open request, if any, and starts the delay anew. More than the balance means all of it.
    function requestWithdrawal(Withdrawal calldata withdrawal, bytes calldata accountSignature) external;
    /// The same, to another seat of the account, whatever area that is in: a community can change its rules without
    /// everybody withdrawing and depositing.
    function requestMove(MovePurse calldata move, bytes calldata accountSignature) external;
    /// Pays the smaller of request and balance to where it was requested, rounded down to the token's base unit (the rest stays in
    /// the purse); anyone may call it once the delay has passed. The request is then done, unless the seat takes part in an open
    /// batch of several parts: then what is still missing stays requested.
    function claim(uint64 seat) external;
    /// Only the grid operator; its purse has no delay, since no batch draws on it.
    function withdrawGrid(uint32 area, uint128 amount, address to) external;

    function balanceOf(uint64 seat) external view returns (uint128);
    function gridBalance(uint32 area) external view returns (uint128);
    function withdrawalOf(uint64 seat) external view returns (WithdrawalView memory);
}
