// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch, Approvals, OpenBatchView} from "./ISettlement.sol";
import {SeatState, SeatLimits, SeatStates, EntryWord} from "./Words.sol";
import {Signatures} from "./Signatures.sol";
import {TypedData} from "./TypedData.sol";
import {Watching} from "./Watching.sol";

/// Batches. Every entry is checked against what its account, meter and grid operator signed; no total is taken on trust.
abstract contract Settlement is Watching {
    uint256 private constant ENTRY_BYTES = 96;

    /// What the entries of a part have in common, and what they add up to.
    struct Part {
        uint64 firstSeat;
        // The seat of the entry at hand, for errors.
        uint64 seatId;
        uint256 start;
        uint256 end;
        uint256 interval;
        int256 bandLow;
        int256 bandHigh;
        bytes32 separator;
        // Of a batch of several parts, else 0.
        uint32 sequence;
        uint256 soldWh;
        uint256 boughtWh;
        int256 gridTake;
    }

    function settle(Batch calldata batch, bytes calldata entries, Approvals calldata approvals) external {
        Area storage area = _areas[batch.area];
        if (msg.sender != area.operator) revert NotOperator(msg.sender);
        Part memory part = _begin(area, batch, approvals);
        bytes memory words = _settleEntries(area, part, entries);
        uint256 until = uint256(batch.start) + area.batchSeconds + withdrawalDelaySeconds;
        if (block.timestamp > until && part.soldWh + part.boughtWh != 0) revert BatchTooOld(until);
        if (keccak256(words) != batch.parts[batch.part]) revert OtherEntries(keccak256(words));
        // There are no more parts than `part` can count.
        // forge-lint: disable-next-line(unsafe-typecast)
        emit PartSettled(batch.area, batch.end, batch.part, uint16(batch.parts.length), words);
        if (batch.part + 1 == batch.parts.length) _finish(area, batch, part);
        else _pause(area, batch, part);
    }

    function abandonBatch(uint32 areaNumber) external {
        Area storage area = _areas[areaNumber];
        OpenBatch storage open = area.open;
        if (open.header == 0) revert NoBatchOpen(areaNumber);
        uint32 abandonableAt = open.openedAt + withdrawalDelaySeconds / 2;
        if (msg.sender != area.operator && block.timestamp < abandonableAt) revert TooEarly(abandonableAt);
        _abandoned[areaNumber][open.sequence] = true;
        open.header = 0;
        emit BatchAbandoned(areaNumber, open.start, open.end);
    }

    /// Checks the header, and opens or takes up a batch of several parts.
    function _begin(Area storage area, Batch calldata batch, Approvals calldata approvals)
        private
        returns (Part memory part)
    {
        uint256 interval = area.intervalSeconds;
        if (
            batch.start < area.settledUntil || batch.end <= batch.start || batch.start % interval != 0
                || batch.end % interval != 0 || batch.end - batch.start > area.batchSeconds
                || batch.end > block.timestamp
        ) revert BadBatchTimes(batch.start, batch.end);
        part.firstSeat = uint64(batch.area) << 32;
        part.start = batch.start;
        part.end = batch.end;
        part.interval = interval;
        part.bandLow = batch.bandLow;
        part.bandHigh = batch.bandHigh;
        part.separator = _separator();
        if (part.bandHigh < part.bandLow || part.bandHigh - part.bandLow > int256(uint256(area.maxBandTicks))) {
            revert BadBand(batch.bandLow, batch.bandHigh);
        }

        bytes32 openHeader = area.open.header;
        bool isWatched = area.isWatched;
        // The usual batch of an area without watchers needs no name.
        bytes32 header = batch.parts.length == 1 && openHeader == 0 && !isWatched ? bytes32(0) : _headerOf(batch);
        if (openHeader == 0 && (batch.part != 0 || batch.parts.length == 0)) revert WrongPart(0);
        if (isWatched) _requireWatched(area, batch, header, approvals);
        if (batch.parts.length == 1 && openHeader == 0) return part;
        _takeUpParts(area.open, part, batch, header);
    }

    /// Opens a batch of several parts, or takes up the one that is open.
    function _takeUpParts(OpenBatch storage open, Part memory part, Batch calldata batch, bytes32 header) private {
        bytes32 openHeader = open.header;
        if (openHeader == 0) {
            open.header = header;
            open.sequence += 1;
            open.nextPart = 0;
            open.start = batch.start;
            open.end = batch.end;
            open.openedAt = uint32(block.timestamp);
            (open.gridTake, open.soldWh, open.boughtWh) = (0, 0, 0);
            emit BatchBegun(batch.area, batch.end, header, batch.gridTake, batch.parts);
        } else {
            if (openHeader != header) revert OtherBatchOpen(openHeader);
            if (batch.part != open.nextPart) revert WrongPart(open.nextPart);
        }
        part.sequence = open.sequence;
        (part.gridTake, part.soldWh, part.boughtWh) = (open.gridTake, open.soldWh, open.boughtWh);
    }

    /// The same for all parts of one batch, and for no other batch: it binds every entry of every part.
    function _headerOf(Batch calldata batch) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                batch.area,
                batch.start,
                batch.end,
                batch.bandLow,
                batch.bandHigh,
                batch.statementRoot,
                batch.gridTake,
                keccak256(abi.encodePacked(batch.parts))
            )
        );
    }

    /// Keeps the sums until the next part.
    function _pause(Area storage area, Batch calldata batch, Part memory part) private {
        OpenBatch storage open = area.open;
        open.nextPart = batch.part + 1;
        open.gridTake = int128(part.gridTake);
        open.soldWh = uint128(part.soldWh);
        open.boughtWh = uint128(part.boughtWh);
    }

    /// Requires that energy and money balance, and closes the intervals for good.
    function _finish(Area storage area, Batch calldata batch, Part memory part) private {
        if (part.soldWh != part.boughtWh) revert EnergyNotBalanced(part.soldWh, part.boughtWh);
        if (
            part.gridTake < 0 || uint256(part.gridTake) > part.boughtWh * area.maxGridPerKwh
                || uint256(part.gridTake) != batch.gridTake
        ) revert GridTakeOutOfRange(part.gridTake);
        area.settledUntil = batch.end;
        if (part.gridTake != 0) area.gridBalance += uint128(uint256(part.gridTake));
        if (part.sequence != 0) area.open.header = 0;
        emit BatchSettled(
            batch.area,
            batch.start,
            batch.end,
            batch.statementRoot,
            batch.bandLow,
            batch.bandHigh,
            part.boughtWh,
            uint256(part.gridTake)
        );
    }

    /// Settles each entry and returns their words for the log.
    function _settleEntries(Area storage area, Part memory part, bytes calldata entries)
        private
        returns (bytes memory words)
    {
        if (entries.length % ENTRY_BYTES != 0) revert BadEntries();
        words = new bytes(entries.length / 3);
        uint256 written = 0;
        uint256 number = 1;
        uint256 offset = 0;
        while (offset < entries.length) {
            EntryWord word;
            bytes32 r;
            bytes32 vs;
            assembly ("memory-safe") {
                let entry := add(entries.offset, offset)
                word := calldataload(entry)
                r := calldataload(add(entry, 0x20))
                vs := calldataload(add(entry, 0x40))
                written := add(written, 0x20)
                mstore(add(words, written), word)
                offset := add(offset, ENTRY_BYTES)
            }
            if (word.number() < number) revert BadEntries();
            number = word.number();
            _settleEntry(area, part, word, r, vs);
        }
        if (number > area.lastNumber && offset != 0) revert SeatUnknown(part.seatId);
    }

    function _settleEntry(Area storage area, Part memory part, EntryWord word, bytes32 r, bytes32 vs) private {
        uint64 seatId = part.firstSeat | uint64(word.number());
        part.seatId = seatId;
        Seat storage seat = _seats[seatId];
        SeatState base = seat.state;
        SeatLimits limits = seat.limits;
        uint256 nextChange = type(uint256).max;
        if (base.hasAny()) (base, limits, nextChange) = _takeUp(area, seatId, seat, base, limits);
        SeatState next = _advanceBase(base, limits.meter(), part, word, r, vs);

        if (word.soldWh() | word.boughtWh() != 0) {
            uint256 from = base.time();
            if (from < part.start) revert BaseBeforeBatch(seatId, from);
            uint256 to = next.time();
            if (nextChange < to) revert SpansChange(seatId, nextChange);
            if (to > base.validUntil()) revert MandateExpired(seatId);
            unchecked {
                // The reading is later than the base, and no interval is 0.
                _checkTrade(limits, part, word, (to - from) / part.interval);
            }
            next = _move(part, seat, next, word);
        } else if (word.paid() | word.received() != 0) {
            revert OutsideBand(seatId);
        }
        seat.state = next;
        unchecked {
            // 32-bit energies and 46-bit money: no batch is long enough to overflow the sums.
            part.soldWh += word.soldWh();
            part.boughtWh += word.boughtWh();
            part.gridTake += word.paid() - word.received();
        }
    }

    /// The rare path: a change or the outcome of an earlier batch waits. Returns the start of the next change as well.
    function _takeUp(Area storage area, uint64 seatId, Seat storage seat, SeatState state, SeatLimits limits)
        private
        returns (SeatState, SeatLimits, uint256 nextChange)
    {
        state = _withOutcome(seatId, state);
        if (!state.has(SeatStates.CHANGE_WAITS)) return (state, limits, type(uint256).max);
        (state, limits) = _advance(area, seat, state, state.time());
        uint256 nextTerms = seat.terms.nextFrom();
        uint256 nextStanding = seat.standing.nextFrom();
        return (state, limits, nextTerms < nextStanding ? nextTerms : nextStanding);
    }

    /// Requires the meter's signature of the measured reading that the entry moves the base to, and moves it.
    function _advanceBase(SeatState base, address meter, Part memory part, EntryWord word, bytes32 r, bytes32 vs)
        private
        view
        returns (SeatState next)
    {
        uint256 time;
        uint256 importWh;
        uint256 exportWh;
        unchecked {
            // A lag beyond 1970 wraps around to the far future, which the next line refuses.
            time = part.end - word.lag() * part.interval;
            importWh = base.importWh() + word.importDelta();
            exportWh = base.exportWh() + word.exportDelta();
        }
        if (time < part.start || time > part.end || time <= base.time()) revert BadReadingTime(part.seatId, time);
        if ((importWh | exportWh) > type(uint48).max) revert BeyondRegister(part.seatId);
        next = base.movedTo(time, importWh, exportWh);
        bytes32 digest = TypedData.measuredReadingDigest(part.separator, meter, base.epoch(), time, importWh, exportWh);
        address signer = Signatures.keyOf(digest, r, vs);
        // A seat has a meter, so whoever is the meter is somebody; the zero address is nobody's key.
        if (signer != meter || base.has(SeatStates.KEY_CHANGED)) {
            if (!_isKeyOf(meter, signer, time)) revert BadReadingSignature(part.seatId);
        }
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    /// What the seat signed, side by side: energy inside register and limit, price inside mandate and band.
    function _checkTrade(SeatLimits limits, Part memory part, EntryWord word, uint256 intervals) private pure {
        unchecked {
            // 32-bit energies, 24-bit limits and prices, 46-bit money: no product here comes near 2^255.
            uint256 energy = word.soldWh();
            int256 money = word.received();
            if (energy != 0) {
                if (energy > word.exportDelta()) revert BeyondRegister(part.seatId);
                if (energy > limits.maxSellWh() * intervals) revert BeyondLimit(part.seatId);
                if (money < limits.sellFloor() * int256(energy)) revert BeyondPrice(part.seatId);
                _checkBand(part, int256(energy), money);
            } else if (money != 0) {
                revert OutsideBand(part.seatId);
            }
            energy = word.boughtWh();
            money = word.paid();
            if (energy != 0) {
                if (energy > word.importDelta()) revert BeyondRegister(part.seatId);
                if (energy > limits.maxBuyWh() * intervals) revert BeyondLimit(part.seatId);
                if (money > limits.buyCeiling() * int256(energy)) revert BeyondPrice(part.seatId);
                _checkBand(part, int256(energy), money);
            } else if (money != 0) {
                revert OutsideBand(part.seatId);
            }
        }
    }

    /// The average price lies in the published band.
    function _checkBand(Part memory part, int256 energy, int256 money) private pure {
        unchecked {
            if (money < part.bandLow * energy || money > part.bandHigh * energy) revert OutsideBand(part.seatId);
        }
    }

    // Each sign is looked at before its cast.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// Moves the entry's net amount: at once in a batch of one part; else debits at once, credits once the batch is whole.
    function _move(Part memory part, Seat storage seat, SeatState state, EntryWord word) private returns (SeatState) {
        unchecked {
            // An area never holds 2^80 units. A seat that was credited beyond them on the way would have to be debited more
            // than its purse has left, and is refused.
            int256 net = word.received() - word.paid();
            int256 balance = int256(state.balance()) + net;
            if (balance < 0) revert Insolvent(part.seatId);
            if (part.sequence == 0) return state.withBalance(uint256(balance));
            Outcome memory outcome = state.has(SeatStates.OUTCOME_WAITS) ? seat.outcome : Outcome(part.sequence, 0, 0);
            if (net < 0) outcome.debit += uint96(uint256(-net));
            else outcome.credit += uint96(uint256(net));
            seat.outcome = outcome;
            return (net < 0 ? state.withBalance(uint256(balance)) : state).with(SeatStates.OUTCOME_WAITS);
        }
    }

    function settledUntil(uint32 area) external view returns (uint32) {
        return _areas[area].settledUntil;
    }

    function openBatchOf(uint32 areaNumber) external view returns (OpenBatchView memory) {
        OpenBatch storage open = _areas[areaNumber].open;
        if (open.header == 0) return OpenBatchView(0, 0, 0);
        return OpenBatchView(open.header, open.nextPart, open.openedAt + withdrawalDelaySeconds / 2);
    }
}
