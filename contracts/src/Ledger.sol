// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IEscrow, AreaRules, SeatView, Terms, Standing, WithdrawalView, OpenBatchView} from "./IEscrow.sol";
import {SeatState, SeatLimits, SeatStates, SeatLimitsFields} from "./Words.sol";
import {Change, Schedule} from "./Schedule.sol";
import {Plans} from "./Plans.sol";
import {Signatures} from "./Signatures.sol";
import {TypedData} from "./TypedData.sol";

/// What the escrow keeps, who has a say, and the areas. The three rooms above it (seats, purses, settlement) share this.
///
/// Money is in ledger units: one price tick times one Wh, so `priceTick` × 10⁻⁹ token.
abstract contract Ledger is IEscrow {
    using Plans for Change;

    struct Area {
        // One word that a settlement reads and writes.
        address operator;
        uint32 settledUntil;
        uint32 intervalSeconds;
        uint32 batchSeconds;
        // Fixed when the area opens.
        address grid;
        uint32 maxGridPerKwh;
        uint32 maxBandTicks;
        uint8 confirmation;
        uint24 lastNumber;
        bytes32 rulesHash;
        // One of the two is 1: ledger units in one base unit of the token, base units in one ledger unit.
        uint128 unitsPerToken;
        uint128 tokensPerUnit;
        // In ledger units. `held` is all that the area's purses, the grid's and an open batch have together.
        uint128 gridBalance;
        uint128 held;
        OpenBatch open;
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

    struct Request {
        address to;
        uint32 claimableAt;
        uint32 nextNonce;
        uint128 amount;
    }

    /// What a batch of several parts still owes a seat: the credit if it ends well, else the debit.
    struct Outcome {
        uint32 sequence;
        uint96 credit;
        uint96 debit;
    }

    struct MeterRecord {
        uint64 seat;
        uint32 consentFrom;
        // The start of the last suspension: evidence up to here has been dealt with.
        uint32 suspendedFrom;
        // The boundary at which the last of the meter's closed seats stops.
        uint32 freeFrom;
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

    IERC20 internal immutable TOKEN;
    uint8 internal immutable DECIMALS;
    uint32 public immutable withdrawalDelaySeconds;

    mapping(uint32 area => Area) internal _areas;
    mapping(bytes32 rulesHash => uint32 area) internal _areaOfRules;
    mapping(uint64 seat => Seat) internal _seats;
    mapping(address meter => MeterRecord) internal _meters;
    mapping(address key => KeyRecord) internal _keys;
    mapping(address account => mapping(address meter => mapping(uint32 area => uint64))) public seatOf;
    mapping(uint32 area => mapping(uint32 sequence => bool)) internal _abandoned;
    mapping(bytes32 digest => bool) internal _usedInstructions;

    constructor(IERC20Metadata token_, uint32 withdrawalDelaySeconds_) {
        if (withdrawalDelaySeconds_ > 365 days) revert BadDelay(withdrawalDelaySeconds_);
        TOKEN = token_;
        DECIMALS = token_.decimals();
        withdrawalDelaySeconds = withdrawalDelaySeconds_;
    }

    function openArea(AreaRules calldata rules, address operator) external {
        if (msg.sender != rules.grid) revert NotGrid(msg.sender);
        if (rules.token != address(TOKEN)) revert WrongToken(rules.token);
        Area storage area = _areas[rules.area];
        if (area.grid != address(0)) revert AreaExists(rules.area);
        if (
            rules.intervalSeconds == 0 || rules.batchSeconds == 0 || rules.batchSeconds % rules.intervalSeconds != 0
                || rules.batchSeconds >= withdrawalDelaySeconds || rules.settlingGrade > 1 || rules.confirmation > 2
                || rules.allocation > 2
        ) revert BadRules();
        area.operator = operator;
        area.intervalSeconds = rules.intervalSeconds;
        area.batchSeconds = rules.batchSeconds;
        area.grid = rules.grid;
        area.maxGridPerKwh = rules.maxGridPerKwh;
        area.maxBandTicks = rules.maxBandTicks;
        area.confirmation = rules.confirmation;
        area.rulesHash = TypedData.hash(rules);
        _areaOfRules[area.rulesHash] = rules.area;
        (area.unitsPerToken, area.tokensPerUnit) = _scale(rules.priceTick);
        emit AreaOpened(rules.area, area.rulesHash, rules, operator);
    }

    // Both quotients were compared with their bounds.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// A ledger unit is `priceTick` × 10^decimals / 10⁹ base units of the token.
    function _scale(uint32 priceTick) private view returns (uint128 unitsPerToken, uint128 tokensPerUnit) {
        uint256 numerator = priceTick * 10 ** uint256(DECIMALS);
        if (numerator != 0 && numerator <= 1e9 && 1e9 % numerator == 0) return (uint128(1e9 / numerator), 1);
        if (numerator != 0 && numerator % 1e9 == 0 && numerator / 1e9 <= type(uint128).max) {
            return (1, uint128(numerator / 1e9));
        }
        revert UnitNotRepresentable(priceTick, DECIMALS);
    }

    function appointOperator(uint32 areaNumber, address operator) external {
        Area storage area = _areaAt(areaNumber);
        if (msg.sender != area.grid) revert NotGrid(msg.sender);
        area.operator = operator;
        emit OperatorAppointed(areaNumber, operator);
    }

    function token() external view returns (address) {
        return address(TOKEN);
    }

    function settledUntil(uint32 area) external view returns (uint32) {
        return _areas[area].settledUntil;
    }

    function gridBalance(uint32 area) external view returns (uint128) {
        return _areas[area].gridBalance;
    }

    function rulesHash(uint32 area) external view returns (bytes32) {
        return _areas[area].rulesHash;
    }

    function gridOf(uint32 area) external view returns (address) {
        return _areas[area].grid;
    }

    function operatorOf(uint32 area) external view returns (address) {
        return _areas[area].operator;
    }

    function seatOfMeter(address meter) external view returns (uint64) {
        return _meters[meter].seat;
    }

    function keyOf(address key) external view returns (address meter, uint32 from, uint32 until) {
        KeyRecord storage record = _keys[key];
        return (record.meter, record.from, record.until);
    }

    function balanceOf(uint64 seatId) external view returns (uint128) {
        return uint128(_withOutcome(seatId, _seats[seatId].state).balance());
    }

    function withdrawalOf(uint64 seatId) external view returns (WithdrawalView memory) {
        Request storage request = _seats[seatId].request;
        return WithdrawalView(request.amount, request.to, request.claimableAt, request.nextNonce);
    }

    function openBatchOf(uint32 areaNumber) external view returns (OpenBatchView memory) {
        OpenBatch storage open = _areas[areaNumber].open;
        if (open.header == 0) return OpenBatchView(0, 0, 0);
        return OpenBatchView(open.header, open.nextPart, open.openedAt + withdrawalDelaySeconds / 2);
    }

    function seatView(uint64 seatId) external view returns (SeatView memory view_) {
        Seat storage seat = _seats[seatId];
        SeatState state = _withOutcome(seatId, seat.state);
        view_.account = seat.account;
        view_.meter = seat.limits.meter();
        view_.balance = uint128(state.balance());
        view_.epoch = uint16(state.epoch());
        view_.time = uint32(state.time());
        view_.importWh = uint48(state.importWh());
        view_.exportWh = uint48(state.exportWh());
        view_.maxSellWh = uint24(seat.limits.maxSellWh());
        view_.maxBuyWh = uint24(seat.limits.maxBuyWh());
        view_.version = seat.version;
        view_.closedFrom = seat.closedFrom;
        view_.terms = seat.terms.current.toTerms();
        view_.standing = seat.standing.current.toStanding();
    }

    function _areaAt(uint32 areaNumber) internal view returns (Area storage area) {
        area = _areas[areaNumber];
        if (area.grid == address(0)) revert AreaUnknown(areaNumber);
    }

    function _areaOf(uint64 seatId) internal view returns (Area storage) {
        // Of 64 bits 32 are left, here and below.
        // forge-lint: disable-next-line(unsafe-typecast)
        return _areas[uint32(seatId >> 32)];
    }

    function _seatAt(uint64 seatId) internal view returns (Seat storage seat) {
        seat = _seats[seatId];
        if (seat.account == address(0)) revert SeatUnknown(seatId);
    }

    /// Of the chain of the moment: a fork with another id takes no signature of the first one.
    function _separator() internal view returns (bytes32) {
        return keccak256(abi.encode(TypedData.DOMAIN, TypedData.NAME, TypedData.VERSION, block.chainid, address(this)));
    }

    function _digestOf(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_separator(), structHash);
    }

    /// Requires `signer`'s signature of `structHash`, or `signer` as the caller where the signature is empty.
    function _authorise(address signer, bytes32 structHash, bytes calldata signature)
        internal
        view
        returns (bytes32 digest)
    {
        digest = _digestOf(structHash);
        if (signature.length == 0 ? msg.sender != signer : !Signatures.isBy(signer, digest, signature)) {
            revert BadSignature(signer);
        }
    }

    /// Requires the key that signs for the meter at `time`, at `FOR_GOOD` its last one, and says which. Keys are never contracts.
    function _authoriseMeter(address meter, uint256 time, bytes32 structHash, bytes calldata signature)
        internal
        view
        returns (address key)
    {
        key = Signatures.keyOf(_digestOf(structHash), signature);
        if (key == address(0) || !_isKeyOf(meter, key, time)) revert BadSignature(meter);
    }

    /// Whether readings of `meter` at `time` are for `key` to sign.
    function _isKeyOf(address meter, address key, uint256 time) internal view returns (bool) {
        KeyRecord storage record = _keys[key];
        if (record.until == 0) return key == meter;
        return record.meter == meter && record.from < time && time <= record.until;
    }

    function _requireInTime(uint32 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
    }

    // A boundary of more than 32 bits is refused by the bits that fit.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// The first boundary after now and at `time` or later: nothing on chain takes effect before it.
    function _boundary(Area storage area, uint256 time) internal view returns (uint32) {
        uint256 interval = area.intervalSeconds;
        uint256 next = block.timestamp + 1 > time ? block.timestamp + 1 : time;
        uint256 boundary = (next + interval - 1) / interval * interval;
        if (boundary >= type(uint32).max) revert BadValidity(uint32(time));
        return uint32(boundary);
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
        if (standing.barred) {
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

    /// Puts in force what no future batch can precede, so that the schedules stay short whatever anyone does.
    function _settleChanges(Area storage area, Seat storage seat) internal {
        uint256 time = seat.state.time() > area.settledUntil ? seat.state.time() : area.settledUntil;
        (seat.state,) = _advance(area, seat, seat.state, time);
    }

    /// The state with what a finished or abandoned batch of several parts owes the seat in its balance.
    function _withOutcome(uint64 seatId, SeatState state) internal view returns (SeatState) {
        if (!state.has(SeatStates.OUTCOME_WAITS)) return state;
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 areaNumber = uint32(seatId >> 32);
        Outcome memory outcome = _seats[seatId].outcome;
        OpenBatch storage open = _areas[areaNumber].open;
        if (open.header != 0 && open.sequence == outcome.sequence) return state;
        uint256 owed = _abandoned[areaNumber][outcome.sequence] ? outcome.debit : outcome.credit;
        return state.without(SeatStates.OUTCOME_WAITS).withBalance(state.balance() + owed);
    }
}
