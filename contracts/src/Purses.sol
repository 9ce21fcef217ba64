// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IPurses, Withdrawal, MovePurse, WithdrawalView} from "./IPurses.sol";
import {SeatState, SeatStates} from "./Words.sol";
import {Signatures} from "./Signatures.sol";
import {TypedData} from "./TypedData.sol";
import {Ledger} from "./Ledger.sol";

/// Tokens whose permits contract wallets sign, too, as some payment tokens take them.
interface IPermitByWallet {
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;
}

/// The only ways in and out for tokens. Deposits are exact in ledger units; withdrawals wait, then pay whole base units.
abstract contract Purses is Ledger, ReentrancyGuardTransient, IPurses {
    using SafeERC20 for IERC20;

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function deposit(uint64 seatId, uint256 tokens) external nonReentrant {
        _deposit(seatId, msg.sender, tokens);
    }

    function depositWithPermit(uint64 seatId, uint256 tokens, uint256 deadline, bytes calldata signature)
        external
        nonReentrant
    {
        address account = _seatAt(seatId).account;
        _permit(account, tokens, deadline, signature);
        // Whoever saw the permit may have used it already: what counts is the allowance that the transfer finds, and that
        // the account signed its last permit for this deposit, which is for one. No other allowance is for strangers to use.
        IERC20Permit permits = IERC20Permit(address(TOKEN));
        uint256 nonce;
        unchecked {
            // Before the first permit there is no last one: nobody signs the highest nonce.
            nonce = permits.nonces(account) - 1;
        }
        bytes32 structHash = keccak256(abi.encode(PERMIT, account, address(this), tokens, nonce, deadline));
        bytes32 digest = MessageHashUtils.toTypedDataHash(permits.DOMAIN_SEPARATOR(), structHash);
        if (block.timestamp > deadline || !Signatures.isBy(account, digest, signature)) revert BadSignature(account);
        if (_usedPermits[digest]) revert PermitUsed(digest);
        _usedPermits[digest] = true;
        _deposit(seatId, account, tokens);
    }

    /// Hands the permit to the token, which takes what a key signed in three pieces and what a wallet signed in one.
    function _permit(address account, uint256 tokens, uint256 deadline, bytes calldata signature) private {
        if (signature.length == 65) {
            (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
            try IERC20Permit(address(TOKEN))
                .permit(account, address(this), tokens, deadline, uint8(signature[64]), r, s) {}
                catch {}
        } else {
            try IPermitByWallet(address(TOKEN)).permit(account, address(this), tokens, deadline, signature) {} catch {}
        }
    }

    // No sum of units is above MAX_UNITS, here and below.
    // forge-lint: disable-next-item(unsafe-typecast)
    function _deposit(uint64 seatId, address from, uint256 tokens) private {
        _seatAt(seatId);
        (uint256 units, uint256 taken) = _unitsOf(seatId, tokens);
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(from, address(this), taken);
        uint256 moved = TOKEN.balanceOf(address(this)) - before;
        if (moved != taken) revert TokenTookFee(taken, moved);
        _credit(seatId, units);
        emit Deposited(seatId, from, uint128(units), taken);
    }

    /// The ledger units of a seat's area in `tokens`, and the base units of the token that they take; the rest is below one unit.
    function _unitsOf(uint64 seatId, uint256 tokens) private view returns (uint256 units, uint256 taken) {
        Area storage area = _areaOf(seatId);
        uint256 tokensPerUnit = area.tokensPerUnit;
        if (tokens / tokensPerUnit > MAX_UNITS) revert TooMuch();
        units = tokens / tokensPerUnit * area.unitsPerToken;
        taken = tokens - tokens % tokensPerUnit;
        if (units == 0) revert NothingToMove();
        if (units > MAX_UNITS - area.held) revert TooMuch();
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function _credit(uint64 seatId, uint256 units) private {
        _areaOf(seatId).held += uint128(units);
        Seat storage seat = _seats[seatId];
        seat.state = seat.state.withBalance(seat.state.balance() + units);
    }

    function requestWithdrawal(Withdrawal calldata withdrawal, bytes calldata accountSignature) external {
        Seat storage seat = _seatAt(withdrawal.seat);
        if (withdrawal.account != seat.account) revert WrongParty();
        _requireNonce(seat, withdrawal.nonce);
        _requireRecipient(withdrawal.to);
        _requireInTime(withdrawal.deadline);
        _authorise(seat.account, TypedData.hash(withdrawal), accountSignature);
        (uint32 claimableAt, uint32 next) = _request(seat, withdrawal.to, 0, withdrawal.amount);
        emit WithdrawalRequested(withdrawal.seat, withdrawal.amount, withdrawal.to, claimableAt, next);
    }

    function requestMove(MovePurse calldata move, bytes calldata accountSignature) external {
        Seat storage seat = _seatAt(move.from);
        if (move.account != seat.account || move.to == move.from || _seatAt(move.to).account != seat.account) {
            revert WrongParty();
        }
        _requireNonce(seat, move.nonce);
        _requireInTime(move.deadline);
        _authorise(seat.account, TypedData.hash(move), accountSignature);
        (uint32 claimableAt, uint32 next) = _request(seat, address(0), move.to, move.amount);
        emit MoveRequested(move.from, move.amount, move.to, claimableAt, next);
    }

    function _requireNonce(Seat storage seat, uint32 nonce) private view {
        if (nonce != seat.request.nextNonce) revert WrongNonce(seat.request.nextNonce);
    }

    function _request(Seat storage seat, address to, uint64 toSeat, uint128 amount)
        private
        returns (uint32 claimableAt, uint32 next)
    {
        next = seat.request.nextNonce + 1;
        claimableAt = uint32(block.timestamp + withdrawalDelaySeconds);
        seat.request = Request(to, claimableAt, next, amount, toSeat);
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function claim(uint64 seatId) external nonReentrant {
        Seat storage seat = _seatAt(seatId);
        Request memory request = seat.request;
        if (request.amount == 0) revert NothingRequested(seatId);
        if (block.timestamp < request.claimableAt) revert TooEarly(request.claimableAt);
        SeatState state = _withOutcome(seatId, seat.state);
        uint256 balance = state.balance();
        Area storage area = _areaOf(seatId);
        uint256 most = request.amount < balance ? request.amount : balance;
        uint256 multiple = request.toSeat == 0 ? area.tokensPerUnit : _areaOf(request.toSeat).tokensPerUnit;
        (uint256 units, uint256 tokens) = _wholeTokens(area, most, multiple);
        seat.request.amount = state.has(SeatStates.OUTCOME_WAITS) ? uint128(request.amount - units) : 0;
        seat.state = state.withBalance(balance - units);
        area.held -= uint128(units);
        if (request.toSeat == 0) {
            TOKEN.safeTransfer(request.to, tokens);
            emit WithdrawalClaimed(seatId, uint128(units), request.to, tokens);
        } else {
            (uint256 arrived,) = _unitsOf(request.toSeat, tokens);
            _credit(request.toSeat, arrived);
            emit PurseMoved(seatId, request.toSeat, uint128(units), uint128(arrived));
        }
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function withdrawGrid(uint32 areaNumber, uint128 amount, address to) external nonReentrant {
        Area storage area = _areaAt(areaNumber);
        _requireGrid(area);
        if (amount > area.gridBalance) revert GridPurseTooSmall(area.gridBalance);
        _requireRecipient(to);
        (uint256 units, uint256 tokens) = _wholeTokens(area, amount, area.tokensPerUnit);
        area.gridBalance -= uint128(units);
        area.held -= uint128(units);
        TOKEN.safeTransfer(to, tokens);
        emit GridWithdrawn(areaNumber, uint128(units), to, tokens);
    }

    /// The base units of the token in `amount` ledger units of the area, rounded down to whole ones and to a `multiple` that
    /// another area's unit asks for, and the ledger units that they take; the remainder stays in the purse.
    function _wholeTokens(Area storage area, uint256 amount, uint256 multiple)
        private
        view
        returns (uint256 units, uint256 tokens)
    {
        (uint256 unitsPerToken, uint256 tokensPerUnit) = (area.unitsPerToken, area.tokensPerUnit);
        tokens = amount / unitsPerToken * tokensPerUnit;
        tokens -= tokens % (multiple > tokensPerUnit ? multiple : tokensPerUnit);
        if (tokens == 0) revert NothingToMove();
        units = tokens / tokensPerUnit * unitsPerToken;
    }

    function _requireRecipient(address to) private view {
        if (to == address(0) || to == address(this) || to == address(TOKEN)) revert BadRecipient(to);
    }

    function balanceOf(uint64 seatId) external view returns (uint128) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(_withOutcome(seatId, _seats[seatId].state).balance());
    }

    function gridBalance(uint32 area) external view returns (uint128) {
        return _areas[area].gridBalance;
    }

    function withdrawalOf(uint64 seatId) external view returns (WithdrawalView memory) {
        Request storage request = _seats[seatId].request;
        return WithdrawalView(request.amount, request.to, request.toSeat, request.claimableAt, request.nextNonce);
    }
}
