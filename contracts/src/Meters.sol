// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EpochStart} from "./ISeats.sol";
import {IMeters, Confirmation, Reading, RotateKey, MeterView} from "./IMeters.sol";
import {SeatState, SeatStates} from "./Words.sol";
import {Plans} from "./Plans.sol";
import {TypedData} from "./TypedData.sol";
import {Arrangements} from "./Arrangements.sol";

/// What the grid operator says of meters, which keys sign for them, and what contradictions of theirs lead to. A revocation or
/// suspension belongs to the meter, whatever seat it is in.
abstract contract Meters is Arrangements, IMeters {
    using Plans for *;

    function confirmMeter(Confirmation calldata confirmation, bytes calldata gridSignature) external {
        (uint64 seatId, uint32 from, uint32 bars) = (confirmation.seat, confirmation.from, confirmation.bars);
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        address meter = seat.limits.meter();
        _requireInTime(confirmation.deadline);
        _requireNear(from);
        _authoriseGrid(area, TypedData.hash(confirmation), gridSignature);
        MeterRecord storage record = _meters[meter];
        _requireIn(record, seatId);
        Instruction storage said = _instruct(seatId, meter, confirmation.version);
        if (bars != record.bars) revert OtherBars(record.bars);
        if (seat.barredFrom != 0 && from <= seat.barredFrom) revert StillBarred(seat.barredFrom);
        uint32 start = _boundary(area, from);
        if (bars != 0) (said.bars, said.from) = (bars, start);
        _makeWay(area, seat, seat.standing, start);
        seat.standing.add(Plans.ofConfirmation(confirmation.nameplateWh, confirmation.grade, start));
        emit MeterConfirmed(seatId, confirmation.zone, confirmation.nameplateWh, confirmation.grade, start);
    }

    function revokeMeter(uint64 seatId, uint32 from, uint32 version, uint32 deadline, bytes calldata gridSignature)
        external
    {
        Seat storage seat = _seatAt(seatId);
        _requireInTime(deadline);
        _requireNear(from);
        _authoriseGrid(_areaOf(seatId), TypedData.hashRevoke(seatId, from, version, deadline), gridSignature);
        address meter = seat.limits.meter();
        MeterRecord storage record = _meters[meter];
        _requireIn(record, seatId);
        // What begins when the meter has left is for the grid operator to say who has it then.
        if (seatId != record.seat && from >= record.freeFrom) revert MeterGone(seatId);
        _instruct(seatId, meter, version);
        _countBar(meter, record);
        emit MeterRevoked(record.seat, _bar(record.seat, from));
        if (_formerRuns(record)) emit MeterRevoked(record.former, _bar(record.former, from));
    }

    function reportEquivocation(
        Reading calldata first,
        bytes calldata firstSignature,
        Reading calldata second,
        bytes calldata secondSignature
    ) external {
        address meter = first.meter;
        MeterRecord storage record = _meters[meter];
        bytes32 firstHash = TypedData.hash(first);
        bytes32 secondHash = TypedData.hash(second);
        if (
            record.seat == 0 || second.meter != meter || first.time != second.time || first.epoch != second.epoch
                || firstHash == secondHash || first.time <= record.provedUntil || first.time > block.timestamp
        ) revert NotEquivocation();
        _authoriseMeter(meter, first.time, firstHash, firstSignature);
        _authoriseMeter(meter, first.time, secondHash, secondSignature);
        _countBar(meter, record);
        uint32 start = _bar(record.seat, 0);
        emit MeterSuspended(record.seat, start);
        record.provedUntil = start;
        if (!_formerRuns(record)) return;
        start = _bar(record.former, 0);
        emit MeterSuspended(record.former, start);
        if (start > record.provedUntil) record.provedUntil = start;
    }

    function _countBar(address meter, MeterRecord storage record) private {
        emit MeterBarred(meter, ++record.bars);
    }

    /// Stops the seat's trading at `from` or the next boundary. Two bars never follow one another, so the place kept for one is
    /// always free.
    function _bar(uint64 seatId, uint32 from) private returns (uint32 start) {
        Area storage area = _areaOf(seatId);
        Seat storage seat = _seats[seatId];
        start = _boundary(area, from);
        seat.barredFrom = start;
        _makeWay(area, seat, seat.standing, start);
        if (!seat.standing.last().isBar()) seat.standing.addLast(Plans.ofBar(start));
    }

    /// Only where its meter is, a seat's grid operator has a say.
    function _requireIn(MeterRecord storage record, uint64 seatId) private view {
        if (seatId != record.seat && (seatId != record.former || !_formerRuns(record))) revert MeterGone(seatId);
    }

    function _formerRuns(MeterRecord storage record) private view returns (bool) {
        return block.timestamp < record.freeFrom;
    }

    function _authoriseGrid(Area storage area, bytes32 structHash, bytes calldata signature) private {
        _authorise(area.grid, structHash, signature);
        area.gridSeenAt = uint32(block.timestamp);
    }

    /// What the area's grid operator signed before it signed this can no longer be carried out.
    function _instruct(uint64 seatId, address meter, uint32 version) private returns (Instruction storage said) {
        uint32 areaNumber = _areaNumberOf(seatId);
        said = _instructions[meter][areaNumber];
        _requireVersion(said.version, version);
        said.version = version;
        emit MeterInstructed(areaNumber, meter, version);
    }

    function rotateKey(
        RotateKey calldata rotation,
        bytes calldata accountSignature,
        bytes calldata keySignature,
        bytes calldata nextSignature
    ) external {
        MeterRecord storage meter = _meters[rotation.meter];
        uint64 seatId = meter.seat;
        Seat storage seat = _seatAt(seatId);
        _requireInTime(rotation.deadline);
        _requireNear(rotation.from);
        if (rotation.account != seat.account) revert WrongParty();
        if (seat.closedFrom != 0 && seat.closedFrom <= block.timestamp) revert MeterGone(seatId);
        address next = rotation.next;
        if (_keys[next].until != 0 || _meters[next].seat != 0) revert KeyUsed(next);
        _authoriseRotation(rotation, accountSignature, keySignature, nextSignature);
        KeyRecord storage record = _keys[rotation.key];
        uint32 from = _rotationStart(_areaOf(seatId), rotation.from, record.from);
        (record.meter, record.until) = (rotation.meter, from);
        _keys[next] = KeyRecord(rotation.meter, from, FOR_GOOD);
        seat.state = seat.state.with(SeatStates.KEY_CHANGED);
        if (_formerRuns(meter)) {
            Seat storage former = _seats[meter.former];
            former.state = former.state.with(SeatStates.KEY_CHANGED);
        }
        emit KeyRotated(seatId, rotation.key, next, from);
    }

    /// The boundary after which the next key signs; `begun` is the one after which the key before it does.
    function _rotationStart(Area storage area, uint32 wanted, uint256 begun) private view returns (uint32) {
        uint256 earliest = block.timestamp + area.intervalSeconds;
        if (earliest < wanted) earliest = wanted;
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
        _requireStep(state.epoch(), epoch.epoch, LONGEST_EPOCH_STEP);
        _requireBoundary(area, epoch.time);
        _requireNear(epoch.time);
        bytes32 structHash = TypedData.hash(epoch);
        _authoriseMeter(epoch.meter, epoch.time, structHash, meterSignature);
        _authorise(seat.account, structHash, accountSignature);
        if (area.confirmation != 0) _authorise(area.grid, structHash, gridSignature);
        seat.state = state.withBase(epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh);
        emit EpochStarted(seatId, epoch.epoch, epoch.time, epoch.importWh, epoch.exportWh);
    }

    function meterView(address meter) external view returns (MeterView memory) {
        MeterRecord storage record = _meters[meter];
        return MeterView(
            record.seat,
            record.former,
            record.begins,
            record.freeFrom,
            record.consentDeadline,
            record.bars,
            record.provedUntil
        );
    }

    function instructionOf(address meter, uint32 area) external view returns (uint32) {
        return _instructions[meter][area].version;
    }

    function keyOf(address key) external view returns (address meter, uint32 from, uint32 until) {
        KeyRecord storage record = _keys[key];
        return (record.meter, record.from, record.until);
    }
}
