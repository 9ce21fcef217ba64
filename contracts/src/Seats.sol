// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISeats, Mandate, ConsentTimes, EpochStart, SeatView} from "./ISeats.sol";
import {SeatState, SeatStates, SeatLimitsFields} from "./Words.sol";
import {Plans} from "./Plans.sol";
import {TypedData} from "./TypedData.sol";
import {Arrangements} from "./Arrangements.sol";

/// Opening, changing and closing seats. Whatever happens here takes effect at a boundary after now, so a batch that is
/// valid now for past intervals stays valid.
abstract contract Seats is Arrangements, ISeats {
    using Plans for *;

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
        _requireNear(consent.validFrom);
        _authorise(mandate.account, TypedData.hash(mandate), accountSignature);
        _authoriseMeter(
            mandate.meter,
            FOR_GOOD,
            TypedData.hashConsent(mandate.meter, mandate.account, mandate.rules, consent),
            consentSignature
        );
        _authoriseMeter(mandate.meter, FOR_GOOD, TypedData.hash(epoch), epochSignature);
        return _open(mandate, consent, epoch);
    }

    function _open(Mandate calldata mandate, ConsentTimes calldata consent, EpochStart calldata epoch)
        private
        returns (uint64 seatId)
    {
        uint32 areaNumber = _areaOfRules[mandate.rules];
        Area storage area = _areas[areaNumber];
        if (mandate.rules == 0 || area.rulesHash != mandate.rules) revert WrongRules(mandate.rules);
        mapping(uint32 => uint64) storage seats = _seatOf[mandate.account][mandate.meter];
        _requireVersion(_seats[seats[areaNumber]].version, mandate.version);
        MeterRecord storage record = _meters[mandate.meter];
        _requireFirstEpoch(area, record, epoch);
        uint32 from = _releaseMeter(area, areaNumber, record, mandate, consent);
        _requireValidity(mandate, from);
        seatId = _newSeat(area, areaNumber, mandate, epoch, from);
        seats[areaNumber] = seatId;
        (record.seat, record.begins, record.consentDeadline) = (seatId, from, consent.deadline);
        bool barred = _isBarred(record.bars, _instructions[mandate.meter][areaNumber], from);
        if (barred) _seats[seatId].standing.current = Plans.ofBar(0);
        emit SeatOpened(seatId, mandate.account, mandate.meter, mandate, epoch, from, barred);
    }

    /// Whether a meter that was barred so often is still so at `from`, for all that the area's grid operator has said.
    function _isBarred(uint256 bars, Instruction memory said, uint32 from) private pure returns (bool) {
        return bars > said.bars || said.from > from;
    }

    /// An epoch of the meter that has ended does not begin again in another seat.
    function _requireFirstEpoch(Area storage area, MeterRecord storage record, EpochStart calldata epoch) private view {
        _requireBoundary(area, epoch.time);
        _requireNear(epoch.time);
        uint256 last = _seats[record.seat].state.epoch();
        if (epoch.epoch < last) revert BadEpoch(epoch.epoch);
        _requireStep(last, epoch.epoch, LONGEST_EPOCH_STEP);
    }

    /// Ends the meter's other seats, and returns the boundary at which the next one may begin: the running one goes on until
    /// then, and one that has not begun never does.
    function _releaseMeter(
        Area storage area,
        uint32 areaNumber,
        MeterRecord storage record,
        Mandate calldata mandate,
        ConsentTimes calldata consent
    ) private returns (uint32 from) {
        from = _boundary(area, mandate.validFrom > consent.validFrom ? mandate.validFrom : consent.validFrom);
        uint64 newest = record.seat;
        if (newest == 0) return from;
        Seat storage seat = _seats[newest];
        if (seat.closedFrom == 0 && seat.account == mandate.account && _areaNumberOf(newest) == areaNumber) {
            revert SeatExists(newest);
        }
        if (consent.deadline <= record.consentDeadline) revert OldConsent(consent.deadline);
        if (block.timestamp < record.begins) _stop(newest, 0);
        else record.former = newest;
        uint64 running = record.former;
        if (running == 0) return from;
        uint32 freeFrom = _stop(running, from);
        record.freeFrom = freeFrom;
        if (freeFrom > from) from = _boundary(area, freeFrom);
    }

    /// Closes a seat at the first boundary at `time` or later, if it is not closed by then, and returns when it is.
    function _stop(uint64 seatId, uint32 time) private returns (uint32 from) {
        Seat storage seat = _seats[seatId];
        from = _boundary(_areaOf(seatId), time);
        if (seat.closedFrom != 0 && seat.closedFrom <= from) return seat.closedFrom;
        _close(seatId, seat, from);
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
        Seat storage seat = _seatAt(seatId);
        Area storage area = _areaOf(seatId);
        if (mandate.rules != area.rulesHash) revert WrongRules(mandate.rules);
        if (mandate.account != seat.account || mandate.meter != seat.limits.meter()) revert WrongParty();
        _requireVersion(seat.version, mandate.version);
        _authorise(seat.account, TypedData.hash(mandate), accountSignature);
        uint32 from = _boundary(area, mandate.validFrom);
        // Before it begins another seat has the meter.
        MeterRecord storage record = _meters[mandate.meter];
        if (record.seat == seatId && from < record.begins) from = record.begins;
        uint32 closedFrom = seat.closedFrom;
        if (closedFrom != 0 && closedFrom <= from) revert SeatIsClosed(seatId);
        _requireValidity(mandate, from);
        seat.version = mandate.version;
        _makeWay(area, seat, seat.terms, from);
        seat.terms.add(Plans.ofMandate(mandate, from));
        emit MandateChanged(seatId, mandate, from);
        if (closedFrom != 0) {
            seat.terms.addLast(Plans.ofClosing(closedFrom));
            emit SeatClosed(seatId, closedFrom, mandate.version);
        }
    }

    function closeSeat(uint64 seatId, uint32 version, uint32 deadline, bytes calldata accountSignature) external {
        Seat storage seat = _seatAt(seatId);
        uint32 from = _boundary(_areaOf(seatId), 0);
        if (seat.closedFrom != 0 && seat.closedFrom <= from) revert SeatIsClosed(seatId);
        _requireVersion(seat.version, version);
        _requireInTime(deadline);
        _authorise(seat.account, TypedData.hashClose(seat.account, seatId, version, deadline), accountSignature);
        seat.version = version;
        _close(seatId, seat, from);
    }

    function _close(uint64 seatId, Seat storage seat, uint32 from) private {
        seat.closedFrom = from;
        _makeWay(_areaOf(seatId), seat, seat.terms, from);
        seat.terms.addLast(Plans.ofClosing(from));
        emit SeatClosed(seatId, from, seat.version);
    }

    function _requireValidity(Mandate calldata mandate, uint32 from) private view {
        _requireInTime(mandate.deadline);
        _requireNear(mandate.validFrom);
        if (mandate.validUntil % 1 days != 0 || mandate.validUntil <= from) revert BadValidity(mandate.validUntil);
    }

    function seatOf(address account, address meter, uint32 area) external view returns (uint64) {
        return _seatOf[account][meter][area];
    }

    // The word's fields are as wide as those of the view.
    // forge-lint: disable-next-item(unsafe-typecast)
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
}
