// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ICommon} from "./ICommon.sol";
import {Terms, Standing} from "./ISeats.sol";
import {SeatState, SeatLimits, SeatStates, SeatLimitsFields} from "./Words.sol";
import {Change, Schedule} from "./Schedule.sol";
import {Plans} from "./Plans.sol";
import {Signatures} from "./Signatures.sol";
import {TypedData} from "./TypedData.sol";

/// All that the escrow keeps, in one place: `Escrow` and `Registry` both begin with this and keep nothing of their own, so
/// what one writes the other finds. A test pins the layout.
///
/// Money is in ledger units: one price tick times one Wh, so `priceTick` × 10⁻⁹ token.
abstract contract Ledger is ICommon {
    using Plans for Change;

    struct Area {
        // One word that a settlement reads and writes.
        address operator;
        uint32 settledUntil;
        uint32 intervalSeconds;
        uint32 batchSeconds;
        // Fixed when the area opens, but for the grid operator and the last number.
        address grid;
        uint32 maxGridPerKwh;
        uint24 maxBandTicks;
        uint8 confirmation;
        bool isWatched;
        uint24 lastNumber;
        bytes32 rulesHash;
        // One of the two is 1: ledger units in one base unit of the token, base units in one ledger unit.
        uint128 unitsPerToken;
        uint128 tokensPerUnit;
        // In ledger units. `held` is all that the area's purses, the grid's and an open batch have together.
        uint128 gridBalance;
        uint128 held;
        address successor;
        uint32 gridSeenAt;
        uint32 watcherGraceSeconds;
        uint8 settlingGrade;
        bytes32 watchers;
        Offer operatorOffer;
        Offer gridOffer;
        Announcement announcement;
        OpenBatch open;
    }

    /// An office that waits for somebody. `isClaim`: its holder did not offer it, but has been silent.
    struct Offer {
        address to;
        uint32 madeAt;
        bool isClaim;
    }

    struct Announcement {
        bytes32 header;
        uint32 madeAt;
    }

    /// Who refused a batch, by their places among the watchers.
    struct Refusals {
        uint64 who;
        uint8 count;
    }

    /// A batch of several parts between its first and its last part; `header` 0 means none.
    struct OpenBatch {
        bytes32 header;
        uint32 sequence;
        uint16 nextPart;
        uint32 start;
        uint32 end;
        uint32 openedAt;
        int128 gridTake;
        uint128 soldWh;
        uint128 boughtWh;
    }

    struct Seat {
        SeatState state;
        SeatLimits limits;
        address account;
        uint32 version;
        // The boundary at which a closed seat stops; 0 while it is open.
        uint32 closedFrom;
        // The start of the last revocation or suspension.
        uint32 barredFrom;
        Schedule terms;
        Schedule standing;
        Request request;
        Outcome outcome;
    }

    /// Where a purse goes: to an address, or to another seat.
    struct Request {
        address to;
        uint32 claimableAt;
        uint32 nextNonce;
        uint128 amount;
        uint64 toSeat;
    }

    /// What a batch of several parts still owes a seat: the credit if it ends well, else the debit.
    struct Outcome {
        uint32 sequence;
        uint96 credit;
        uint96 debit;
    }

    /// A meter has a newest seat, and at most one former seat that still runs.
    struct MeterRecord {
        uint64 seat;
        uint64 former;
        // The boundaries at which the newest seat begins and the former one stops.
        uint32 begins;
        uint32 freeFrom;
        // Of two consents the one with the later deadline counts.
        uint32 consentDeadline;
        // How often the meter was revoked or suspended.
        uint32 bars;
        // The start of the last suspension: evidence up to here has been dealt with.
        uint32 provedUntil;
    }

    /// What the area's grid operator last said of a meter: the version, how many of the meter's bars it had seen when it last
    /// confirmed it, and the boundary from which on they are lifted.
    struct Instruction {
        uint32 version;
        uint32 bars;
        uint32 from;
    }

    /// What a key signs: the readings of `meter` after `from`, up to `until` and at it; `FOR_GOOD` where nothing follows yet.
    /// A meter is named by its first key for ever. One that never changed its key has no record.
    struct KeyRecord {
        address meter;
        uint32 from;
        uint32 until;
    }

    uint256 internal constant MAX_UNITS = type(uint80).max;
    /// Later than every boundary.
    uint32 internal constant FOR_GOOD = type(uint32).max;
    /// No date that somebody signs lies further ahead.
    uint256 private constant FAR = 365 days;

    IERC20 internal immutable TOKEN;
    uint32 public immutable withdrawalDelaySeconds;

    mapping(uint32 area => Area) internal _areas;
    mapping(bytes32 rulesHash => uint32 area) internal _areaOfRules;
    mapping(uint64 seat => Seat) internal _seats;
    mapping(address meter => MeterRecord) internal _meters;
    mapping(address key => KeyRecord) internal _keys;
    mapping(address account => mapping(address meter => mapping(uint32 area => uint64))) internal _seatOf;
    mapping(address meter => mapping(uint32 area => Instruction)) internal _instructions;
    mapping(uint32 area => mapping(uint32 sequence => bool)) internal _abandoned;
    mapping(bytes32 digest => bool) internal _usedPermits;
    /// By area: whoever opens one is free to name its watchers.
    mapping(uint32 area => mapping(bytes32 header => Refusals)) internal _refusals;

    constructor(address token_, uint32 withdrawalDelaySeconds_) {
        TOKEN = IERC20(token_);
        withdrawalDelaySeconds = withdrawalDelaySeconds_;
    }

    function token() external view returns (address) {
        return address(TOKEN);
    }

    function _areaAt(uint32 areaNumber) internal view returns (Area storage area) {
        area = _areas[areaNumber];
        if (area.grid == address(0)) revert AreaUnknown(areaNumber);
    }

    function _areaNumberOf(uint64 seatId) internal pure returns (uint32) {
        // Of 64 bits 32 are left.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(seatId >> 32);
    }

    function _areaOf(uint64 seatId) internal view returns (Area storage) {
        return _areas[_areaNumberOf(seatId)];
    }

    function _seatAt(uint64 seatId) internal view returns (Seat storage seat) {
        seat = _seats[seatId];
        if (seat.account == address(0)) revert SeatUnknown(seatId);
    }

    /// The caller is the area's grid operator, who thereby shows that it is there.
    function _requireGrid(Area storage area) internal {
        if (msg.sender != area.grid) revert NotGrid(msg.sender);
        area.gridSeenAt = uint32(block.timestamp);
    }

    /// Of the chain of the moment: a fork with another id takes no signature of the first one.
    function _separator() internal view returns (bytes32) {
        return keccak256(abi.encode(TypedData.DOMAIN, TypedData.NAME, TypedData.VERSION, block.chainid, address(this)));
    }

    function _digestOf(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_separator(), structHash);
    }

    /// Requires `signer`'s signature of `structHash`, or `signer` as the caller where the signature is empty.
    function _authorise(address signer, bytes32 structHash, bytes calldata signature) internal view {
        if (signature.length == 0 ? msg.sender != signer : !Signatures.isBy(signer, _digestOf(structHash), signature)) {
            revert BadSignature(signer);
        }
    }

    /// Whether readings of `meter` at `time` are for `key` to sign.
    function _isKeyOf(address meter, address key, uint256 time) internal view returns (bool) {
        KeyRecord storage record = _keys[key];
        if (record.until == 0) return key == meter;
        return record.meter == meter && record.from < time && time <= record.until;
    }

    function _requireInTime(uint32 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        _requireNear(deadline);
    }

    function _requireNear(uint32 date) internal view {
        if (date > block.timestamp + FAR) revert TooFarAhead(date);
    }

    /// Puts in force every change that starts at `time` or before, and folds account's and grid operator's say into the limits.
    function _advance(Area storage area, Seat storage seat, SeatState state, uint256 time)
        internal
        returns (SeatState, SeatLimits)
    {
        seat.terms.advance(time);
        seat.standing.advance(time);
        Terms memory terms = seat.terms.current.toTerms();
        Standing memory standing = seat.standing.current.toStanding();
        if (standing.barred || (standing.confirmed && standing.grade != area.settlingGrade)) {
            (terms.maxSellWh, terms.maxBuyWh) = (0, 0);
        } else if (standing.confirmed) {
            if (terms.maxSellWh > standing.nameplateWh) terms.maxSellWh = standing.nameplateWh;
        } else if (area.confirmation != 0) {
            terms.maxSellWh = 0;
            if (area.confirmation == 2) terms.maxBuyWh = 0;
        }
        SeatLimits limits = SeatLimitsFields.pack(
            seat.limits.meter(), terms.sellFloor, terms.buyCeiling, terms.maxSellWh, terms.maxBuyWh
        );
        seat.limits = limits;
        bool waits = seat.terms.later.length + seat.standing.later.length != 0;
        state = state.withValidUntil(terms.validUntilDay).without(SeatStates.CHANGE_WAITS);
        return (waits ? state.with(SeatStates.CHANGE_WAITS) : state, limits);
    }

    /// The state with what a finished or abandoned batch of several parts owes the seat in its balance.
    function _withOutcome(uint64 seatId, SeatState state) internal view returns (SeatState) {
        if (!state.has(SeatStates.OUTCOME_WAITS)) return state;
        uint32 areaNumber = _areaNumberOf(seatId);
        Outcome memory outcome = _seats[seatId].outcome;
        OpenBatch storage open = _areas[areaNumber].open;
        if (open.header != 0 && open.sequence == outcome.sequence) return state;
        uint256 owed = _abandoned[areaNumber][outcome.sequence] ? outcome.debit : outcome.credit;
        return state.without(SeatStates.OUTCOME_WAITS).withBalance(state.balance() + owed);
    }
}
