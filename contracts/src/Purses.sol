// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Withdrawal} from "./IEscrow.sol";
import {SeatState, SeatStates} from "./Words.sol";
import {TypedData} from "./TypedData.sol";
import {Ledger} from "./Ledger.sol";

/// The only ways in and out for tokens. Deposits are exact in ledger units; withdrawals wait, then pay whole base units.
abstract contract Purses is Ledger, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function deposit(uint64 seatId, uint256 tokens) external nonReentrant {
        _deposit(seatId, msg.sender, tokens);
    }

    function depositWithPermit(uint64 seatId, uint256 tokens, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        address account = _seatAt(seatId).account;
        IERC20Permit permits = IERC20Permit(address(TOKEN));
        // Whoever saw the permit may have used it already: what counts is the allowance that the transfer finds, and that
        // the account signed its last permit for this deposit. No other allowance is for strangers to use.
        try permits.permit(account, address(this), tokens, deadline, v, r, s) {} catch {}
        uint256 nonce;
        unchecked {
            // Before the first permit there is no last one: nobody signs the highest nonce.
            nonce = permits.nonces(account) - 1;
        }
        bytes32 structHash = keccak256(abi.encode(PERMIT, account, address(this), tokens, nonce, deadline));
        bytes32 digest = MessageHashUtils.toTypedDataHash(permits.DOMAIN_SEPARATOR(), structHash);
        (address signer,,) = ECDSA.tryRecover(digest, v, r, s);
        if (signer != account || block.timestamp > deadline) revert BadSignature(account);
        _deposit(seatId, account, tokens);
    }

    // No sum of units is above MAX_UNITS, here and below.
    // forge-lint: disable-next-item(unsafe-typecast)
    function _deposit(uint64 seatId, address from, uint256 tokens) private {
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        uint256 tokensPerUnit = area.tokensPerUnit;
        uint256 held = area.held;
        if (tokens / tokensPerUnit > MAX_UNITS) revert TooMuch();
        uint256 units = tokens / tokensPerUnit * area.unitsPerToken;
        if (units == 0) revert NothingToMove();
        if (units > MAX_UNITS - held) revert TooMuch();
        uint256 taken = tokens - tokens % tokensPerUnit;
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(from, address(this), taken);
        uint256 moved = TOKEN.balanceOf(address(this)) - before;
        if (moved != taken) revert TokenTookFee(taken, moved);
        area.held = uint128(held + units);
        seat.state = seat.state.withBalance(seat.state.balance() + units);
        emit Deposited(seatId, from, uint128(units), taken);
    }

    function requestWithdrawal(Withdrawal calldata withdrawal, bytes calldata accountSignature) external {
        Seat storage seat = _seatAt(withdrawal.seat);
        if (withdrawal.account != seat.account) revert WrongParty();
        if (withdrawal.nonce < seat.request.nextNonce) revert OldNonce(withdrawal.nonce);
        _requireRecipient(withdrawal.to);
        _requireInTime(withdrawal.deadline);
        _authorise(seat.account, TypedData.hash(withdrawal), accountSignature);
        uint32 claimableAt = uint32(block.timestamp + withdrawalDelaySeconds);
        uint32 nextNonce = withdrawal.nonce + 1;
        seat.request = Request(withdrawal.to, claimableAt, nextNonce, withdrawal.amount);
        emit WithdrawalRequested(withdrawal.seat, withdrawal.amount, withdrawal.to, claimableAt, nextNonce);
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function claim(uint64 seatId) external nonReentrant {
        Seat storage seat = _seatAt(seatId);
        Request memory request = seat.request;
        if (request.amount == 0) revert NothingRequested(seatId);
        if (block.timestamp < request.claimableAt) revert TooEarly(request.claimableAt);
        SeatState state = _withOutcome(seatId, seat.state);
        uint256 balance = state.balance();
        (uint256 units, uint256 tokens) =
            _wholeTokens(_areaOf(seatId), request.amount < balance ? request.amount : balance);
        seat.request.amount = state.has(SeatStates.OUTCOME_WAITS) ? uint128(request.amount - units) : 0;
        seat.state = state.withBalance(balance - units);
        _pay(_areaOf(seatId), request.to, units, tokens);
        emit WithdrawalClaimed(seatId, uint128(units), request.to, tokens);
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function withdrawGrid(uint32 areaNumber, uint128 amount, address to) external nonReentrant {
        Area storage area = _areaAt(areaNumber);
        if (msg.sender != area.grid) revert NotGrid(msg.sender);
        if (amount > area.gridBalance) revert GridPurseTooSmall(area.gridBalance);
        _requireRecipient(to);
        (uint256 units, uint256 tokens) = _wholeTokens(area, amount);
        area.gridBalance -= uint128(units);
        _pay(area, to, units, tokens);
        emit GridWithdrawn(areaNumber, uint128(units), to, tokens);
    }

    /// The whole base units of the token in `amount`, and the ledger units that they take; the remainder stays in the purse.
    function _wholeTokens(Area storage area, uint256 amount) private view returns (uint256 units, uint256 tokens) {
        uint256 unitsPerToken = area.unitsPerToken;
        units = amount - amount % unitsPerToken;
        tokens = units / unitsPerToken * area.tokensPerUnit;
        if (tokens == 0) revert NothingToMove();
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function _pay(Area storage area, address to, uint256 units, uint256 tokens) private {
        area.held -= uint128(units);
        TOKEN.safeTransfer(to, tokens);
    }

    function _requireRecipient(address to) private view {
        if (to == address(0) || to == address(this) || to == address(TOKEN)) revert BadRecipient(to);
    }
}
