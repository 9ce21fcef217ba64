// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {SeatStates} from "./Words.sol";
import {Schedule} from "./Schedule.sol";
import {Signatures} from "./Signatures.sol";
import {Ledger} from "./Ledger.sol";

/// What accounts and grid operators arrange for a seat: when it takes effect, and who signs for the meter.
abstract contract Arrangements is Ledger {
    uint256 internal constant LONGEST_EPOCH_STEP = 100;
    uint256 private constant LONGEST_VERSION_STEP = 10_000;

    // A boundary of more than 32 bits is refused by the bits that fit.
    // forge-lint: disable-next-item(unsafe-typecast)
    /// The first boundary after now and at `time` or later: nothing on chain takes effect before it.
    function _boundary(Area storage area, uint256 time) internal view returns (uint32) {
        uint256 interval = area.intervalSeconds;
        uint256 next = block.timestamp + 1 > time ? block.timestamp + 1 : time;
        uint256 boundary = (next + interval - 1) / interval * interval;
        if (boundary >= type(uint32).max) revert NotABoundary(uint32(time));
        return uint32(boundary);
    }

    function _requireBoundary(Area storage area, uint32 time) internal view {
        if (time % area.intervalSeconds != 0) revert NotABoundary(time);
    }

    /// Makes way in one of the seat's schedules for a change that starts at `from`. First puts in force what no future batch
    /// can precede, so that the schedules stay short whatever anyone does.
    function _makeWay(Area storage area, Seat storage seat, Schedule storage schedule, uint32 from) internal {
        uint256 time = seat.state.time() > area.settledUntil ? seat.state.time() : area.settledUntil;
        (seat.state,) = _advance(area, seat, seat.state, time);
        schedule.cut(from);
        seat.state = seat.state.with(SeatStates.CHANGE_WAITS);
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

    function _requireVersion(uint32 last, uint32 next) internal pure {
        if (next <= last) revert OldVersion(next);
        _requireStep(last, next, LONGEST_VERSION_STEP);
    }

    /// Requires `next` above `last`, and by no more than a step of which there are many.
    function _requireStep(uint256 last, uint256 next, uint256 longest) internal pure {
        if (next > last + longest) revert StepTooLarge(last, next);
    }
}
