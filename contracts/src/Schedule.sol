// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommon} from "./ICommon.sol";

/// A change with its start in the upper 32 bits (a boundary, UTC seconds) and what changes below.
type Change is uint256;

/// What one party has arranged for a seat: the change in force, then at most `Schedules.LONGEST` later ones, by start.
struct Schedule {
    Change current;
    Change[] later;
}

using Changes for Change global;
using Schedules for Schedule global;

library Changes {
    function from(Change change) internal pure returns (uint32) {
        return uint32(Change.unwrap(change) >> 224);
    }
}

/// The account and the grid operator each have a schedule of their own, so neither can fill the other's. Started changes
/// are kept until no batch can need what was before them; changes that have not started give way to newer ones.
/// The last place is kept for the change that ends trading (close, revoke, suspend), so nothing ever delays that one.
library Schedules {
    uint256 internal constant LONGEST = 4;

    /// The start of the next change, or the end of time.
    function nextFrom(Schedule storage schedule) internal view returns (uint32) {
        return schedule.later.length == 0 ? type(uint32).max : schedule.later[0].from();
    }

    /// The last change arranged, started or not.
    function last(Schedule storage schedule) internal view returns (Change) {
        uint256 length = schedule.later.length;
        return length == 0 ? schedule.current : schedule.later[length - 1];
    }

    /// Puts in force every change that starts at `time` or before.
    function advance(Schedule storage schedule, uint256 time) internal {
        Change[] storage later = schedule.later;
        uint256 length = later.length;
        uint256 started;
        while (started < length && later[started].from() <= time) ++started;
        if (started == 0) return;
        schedule.current = later[started - 1];
        for (uint256 i = started; i < length; ++i) {
            later[i - started] = later[i];
        }
        for (uint256 i = 0; i < started; ++i) {
            later.pop();
        }
    }

    /// Drops the changes that start at `from` or later; what comes next replaces them.
    function cut(Schedule storage schedule, uint256 from) internal {
        Change[] storage later = schedule.later;
        while (later.length != 0 && later[later.length - 1].from() >= from) later.pop();
    }

    /// Adds a change after all others.
    function add(Schedule storage schedule, Change change) internal {
        if (schedule.later.length >= LONGEST - 1) revert ICommon.TooManyChanges();
        schedule.later.push(change);
    }

    /// Adds the change that ends trading, in the place kept for it.
    function addLast(Schedule storage schedule, Change change) internal {
        assert(schedule.later.length < LONGEST);
        schedule.later.push(change);
    }
}
