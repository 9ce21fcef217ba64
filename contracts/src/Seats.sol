// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Mandate, ConsentTimes, EpochStart, Reading, RotateKey} from "./IEscrow.sol";
import {SeatState, SeatStates, SeatLimitsFields} from "./Words.sol";
import {Change, Schedule} from "./Schedule.sol";
import {Plans} from "./Plans.sol";
import {TypedData} from "./TypedData.sol";
import {Ledger} from "./Ledger.sol";

/// Opening, changing and ending seats. Whatever happens here takes effect at a boundary after now, so a batch that is
/// valid now for past intervals stays valid; what moves a base at once is left to the area's operator alone.
abstract contract Seats is Ledger {
    using Plans for Change;

    function openSeat(
        Mandate calldata mandate,
        bytes calldata accountSignature,
        ConsentTimes calldata consent,
        bytes calldata consentSignature,
        EpochStart calldata epoch,
        bytes calldata epochSignature
    ) external returns (uint64 seatId) {
        if (epoch.meter != mandate.meter || epoch.account != mandate.account || epoch.rules != mandate.rules) {
            revert WrongParty();
        }
        _requireInTime(consent.deadline);
        _authorise(mandate.account, TypedData.hash(mandate), accountSignature);
        _authoriseMeter(
            mandate.meter,
            FOR_GOOD,
            TypedData.hashConsent(mandate.meter, mandate.account, mandate.rules, consent),
            consentSignature
        );
        _authoriseMeter(mandate.meter, FOR_GOOD, TypedData.hash(epoch), epochSignature);
        return _open(mandate, consent.validFrom, epoch);
    }

    function _open(Mandate calldata mandate, uint32 consentValidFrom, EpochStart calldata epoch)
        private
        returns (uint64 seatId)
    {
        uint32 areaNumber = _areaOfRules[mandate.rules];
        Area storage area = _areas[areaNumber];
        if (mandate.rules == 0 || area.rulesHash != mandate.rules) revert WrongRules(mandate.rules);
        _requireBoundary(area, epoch.time);
        mapping(uint32 => uint64) storage seats = seatOf[mandate.account][mandate.meter];
        uint64 former = seats[areaNumber];
        if (former != 0 && mandate.version <= _seats[former].version) revert OldVersion(mandate.version);
        MeterRecord storage record = _meters[mandate.meter];
        uint32 from = _releaseMeter(area, record, mandate, areaNumber, consentValidFrom);
        _requireValidity(mandate, from);
        seatId = _newSeat(area, areaNumber, mandate, epoch, from);
        seats[areaNumber] = seatId;
        (record.seat, record.consentFrom) = (seatId, consentValidFrom);
        emit SeatOpened(seatId, mandate.account, mandate.meter, mandate, epoch, from);
    }

    /// Ends the meter's open seat, if any, and returns the boundary at which the next one may begin.
    function _releaseMeter(
        Area storage area,
        MeterRecord storage record,
        Mandate calldata mandate,
        uint32 areaNumber,
        uint32 consentValidFrom
    ) private returns (uint32 from) {
        from = _boundary(area, mandate.validFrom > consentValidFrom ? mandate.validFrom : consentValidFrom);
        uint64 holderId = record.seat;
        if (holderId == 0) return from;
        Seat storage holder = _seats[holderId];
        bool open = holder.closedFrom == 0;
        // forge-lint: disable-next-line(unsafe-typecast)
        if (open && holder.account == mandate.account && uint32(holderId >> 32) == areaNumber) {
            revert SeatExists(holderId);
        }
        if (consentValidFrom <= record.consentFrom) revert OldConsent(consentValidFrom);
        if (open) _close(holderId, holder);
        if (holder.closedFrom > record.freeFrom) record.freeFrom = holder.closedFrom;
        if (record.freeFrom > from) from = _boundary(area, record.freeFrom);
    }

    function _newSeat(
        Area storage area,
        uint32 areaNumber,
        Mandate calldata mandate,
        EpochStart calldata epoch,
        uint32 from
    ) private returns (uint64 seatId) {
        if (area.lastNumber == type(uint24).max) revert AreaFull(areaNumber);
        seatId = (uint64(areaNumber) << 32) | ++area.lastNumber;
        Seat storage seat = _seats[seatId];
        seat.account = mandate.account;
        seat.version = mandate.version;
        seat.limits = SeatLimitsFields.pack(mandate.meter, 0, 0, 0, 0);
        uint256 flags = SeatStates.CHANGE_WAITS | (_keys[mandate.meter].until == 0 ? 0 : SeatStates.KEY_CHANGED);
        seat.state = SeatState.wrap(flags).withBase(epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh);
        seat.terms.add(Plans.ofMandate(mandate, from));
    }

    function changeMandate(uint64 seatId, Mandate calldata mandate, bytes calldata accountSignature) external {
        Seat storage seat = _openSeatAt(seatId);
        Area storage area = _areaOf(seatId);
        if (mandate.rules != area.rulesHash) revert WrongRules(mandate.rules);
        if (mandate.account != seat.account || mandate.meter != seat.limits.meter()) revert WrongParty();
        if (mandate.version <= seat.version) revert OldVersion(mandate.version);
        _authorise(seat.account, TypedData.hash(mandate), accountSignature);
        uint32 from = _boundary(area, mandate.validFrom);
        _requireValidity(mandate, from);
        seat.version = mandate.version;
        _makeWay(area, seat, seat.terms, from);
        seat.terms.add(Plans.ofMandate(mandate, from));
        emit MandateChanged(seatId, mandate, from);
    }

    function closeSeat(uint64 seatId, uint32 deadline, bytes calldata accountSignature) external {
        Seat storage seat = _openSeatAt(seatId);
        _requireInTime(deadline);
        _authorise(seat.account, TypedData.hashClose(seat.account, seatId, deadline), accountSignature);
        _close(seatId, seat);
    }

    function _close(uint64 seatId, Seat storage seat) private {
        Area storage area = _areaOf(seatId);
        uint32 from = _boundary(area, 0);
        seat.closedFrom = from;
        _makeWay(area, seat, seat.terms, from);
        seat.terms.addLast(Plans.ofClosing(from));
        emit SeatClosed(seatId, from);
    }

    function confirmMeter(
        uint64 seatId,
        bytes32 zone,
        uint24 nameplateWh,
        uint32 from,
        uint32 deadline,
        bytes calldata gridSignature
    ) external {
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        _requireInTime(deadline);
        _authoriseOnce(area.grid, TypedData.hashConfirm(seatId, zone, nameplateWh, from, deadline), gridSignature);
        if (seat.barredFrom != 0 && from <= seat.barredFrom) revert StillBarred(seat.barredFrom);
        uint32 start = _boundary(area, from);
        _makeWay(area, seat, seat.standing, start);
        seat.standing.add(Plans.ofConfirmation(nameplateWh, start));
        emit MeterConfirmed(seatId, zone, nameplateWh, start);
    }

    function revokeMeter(uint64 seatId, uint32 from, uint32 deadline, bytes calldata gridSignature) external {
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        _requireInTime(deadline);
        _authoriseOnce(area.grid, TypedData.hashRevoke(seatId, from, deadline), gridSignature);
        uint32 start = _boundary(area, from);
        _bar(area, seat, start);
        emit MeterRevoked(seatId, start);
    }

    function reportEquivocation(
        uint64 seatId,
        Reading calldata first,
        bytes calldata firstSignature,
        Reading calldata second,
        bytes calldata secondSignature
    ) external {
        Seat storage seat = _openSeatAt(seatId);
        Area storage area = _areaOf(seatId);
        address meter = seat.limits.meter();
        bytes32 firstHash = TypedData.hash(first);
        bytes32 secondHash = TypedData.hash(second);
        if (
            first.meter != meter || second.meter != meter || first.time != second.time || first.epoch != second.epoch
                || firstHash == secondHash || first.time <= _meters[meter].suspendedFrom || first.time > block.timestamp
        ) revert NotEquivocation();
        _authoriseMeter(meter, first.time, firstHash, firstSignature);
        _authoriseMeter(meter, first.time, secondHash, secondSignature);
        uint32 start = _boundary(area, 0);
        _meters[meter].suspendedFrom = start;
        _bar(area, seat, start);
        emit MeterSuspended(seatId, start);
    }

    /// Stops the seat's trading at `from`. Two bars never follow one another, so the place kept for one is always free.
    function _bar(Area storage area, Seat storage seat, uint32 from) private {
        seat.barredFrom = from;
        _makeWay(area, seat, seat.standing, from);
        if (!seat.standing.last().isBar()) seat.standing.addLast(Plans.ofBar(from));
    }

    function rotateKey(
        RotateKey calldata rotation,
        bytes calldata accountSignature,
        bytes calldata keySignature,
        bytes calldata nextSignature
    ) external {
        uint64 seatId = _meters[rotation.meter].seat;
        Seat storage seat = _openSeatAt(seatId);
        _requireInTime(rotation.deadline);
        if (rotation.account != seat.account) revert WrongParty();
        address next = rotation.next;
        if (_keys[next].until != 0 || _meters[next].seat != 0) revert KeyUsed(next);
        _authoriseRotation(rotation, accountSignature, keySignature, nextSignature);
        KeyRecord storage record = _keys[rotation.key];
        uint32 from = _rotationStart(_areaOf(seatId), rotation, record.from);
        (record.meter, record.until) = (rotation.meter, from);
        _keys[next] = KeyRecord(rotation.meter, from, FOR_GOOD);
        seat.state = seat.state.with(SeatStates.KEY_CHANGED);
        emit KeyRotated(seatId, rotation.key, next, from);
    }

    /// The boundary after which the next key signs; `begun` is the one after which the key before it does.
    function _rotationStart(Area storage area, RotateKey calldata rotation, uint256 begun)
        private
        view
        returns (uint32)
    {
        uint256 earliest = block.timestamp + area.intervalSeconds;
        if (earliest < rotation.from) earliest = rotation.from;
        // The meter's former seats know its former key alone.
        uint256 freeFrom = _meters[rotation.meter].freeFrom;
        if (earliest < freeFrom) earliest = freeFrom;
        // A key that has not begun to sign may already be followed by another.
        return _boundary(area, earliest <= begun ? begun + 1 : earliest);
    }

    /// Requires the account, the meter's last key and the next one to have signed.
    function _authoriseRotation(
        RotateKey calldata rotation,
        bytes calldata accountSignature,
        bytes calldata keySignature,
        bytes calldata nextSignature
    ) private view {
        bytes32 structHash = TypedData.hash(rotation);
        address key = _authoriseMeter(rotation.meter, FOR_GOOD, structHash, keySignature);
        if (key != rotation.key) revert WrongKey(key);
        _authorise(rotation.account, structHash, accountSignature);
        // A fresh key is what a meter of its own would sign with.
        _authoriseMeter(rotation.next, FOR_GOOD, structHash, nextSignature);
    }

    function startEpoch(
        uint64 seatId,
        EpochStart calldata epoch,
        bytes calldata meterSignature,
        bytes calldata accountSignature,
        bytes calldata gridSignature
    ) external {
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        if (msg.sender != area.operator) revert NotOperator(msg.sender);
        SeatState state = seat.state;
        if (epoch.meter != seat.limits.meter() || epoch.account != seat.account || epoch.rules != area.rulesHash) {
            revert WrongParty();
        }
        if (epoch.epoch <= state.epoch() || epoch.time < state.time()) revert BadEpoch(epoch.epoch);
        _requireBoundary(area, epoch.time);
        bytes32 structHash = TypedData.hash(epoch);
        _authoriseMeter(epoch.meter, epoch.time, structHash, meterSignature);
        _authorise(seat.account, structHash, accountSignature);
        if (area.confirmation != 0) _authorise(area.grid, structHash, gridSignature);
        seat.state = state.withBase(epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh);
        emit EpochStarted(seatId, epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh);
    }

    function rebase(uint64 seatId, Reading calldata reading, bytes calldata meterSignature) external {
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        if (msg.sender != area.operator) revert NotOperator(msg.sender);
        SeatState state = seat.state;
        if (reading.meter != seat.limits.meter()) revert WrongParty();
        if (
            reading.quality != 0 || reading.epoch != state.epoch() || reading.time <= state.time()
                || reading.time > block.timestamp || reading.importWh < state.importWh()
                || reading.exportWh < state.exportWh()
        ) revert BadBase();
        _requireBoundary(area, reading.time);
        _authoriseMeter(reading.meter, reading.time, TypedData.hash(reading), meterSignature);
        seat.state = state.withBase(reading.epoch, reading.time, reading.importWh, reading.exportWh);
        emit Rebased(seatId, reading.epoch, reading.time, reading.importWh, reading.exportWh);
    }

    function _openSeatAt(uint64 seatId) private view returns (Seat storage seat) {
        seat = _seatAt(seatId);
        if (seat.closedFrom != 0) revert SeatIsClosed(seatId);
    }

    /// Makes way in one of the seat's schedules for a change that starts at `from`.
    function _makeWay(Area storage area, Seat storage seat, Schedule storage schedule, uint32 from) private {
        _settleChanges(area, seat);
        schedule.cut(from);
        seat.state = seat.state.with(SeatStates.CHANGE_WAITS);
    }

    function _authoriseOnce(address signer, bytes32 structHash, bytes calldata signature) private {
        bytes32 digest = _authorise(signer, structHash, signature);
        if (signature.length == 0) return;
        if (_usedInstructions[digest]) revert AlreadyUsed(digest);
        _usedInstructions[digest] = true;
    }

    function _requireBoundary(Area storage area, uint32 time) private view {
        if (time % area.intervalSeconds != 0) revert NotABoundary(time);
    }

    function _requireValidity(Mandate calldata mandate, uint32 from) private view {
        _requireInTime(mandate.deadline);
        if (mandate.validUntil % 1 days != 0 || mandate.validUntil <= from) revert BadValidity(mandate.validUntil);
    }
}
