// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What a seat has: its purse and the registers up to which it has been settled. One storage word, most significant first:
/// balance uint80 (ledger units) | export uint48 | import uint48 (Wh) | time uint32 | epoch uint16 | validUntil uint16 (day) | flags uint16
type SeatState is uint256;

/// What a seat may do in the intervals after its base: one storage word, most significant first:
/// meter address | sellFloor int24 | buyCeiling int24 (ticks per kWh) | maxSell uint24 | maxBuy uint24 (Wh per interval)
type SeatLimits is uint256;

/// One entry of a settled part as it is in the calldata and the log, most significant first:
/// seat number uint24 | lag uint12 (intervals) | exportDelta uint32 | importDelta uint32 | sold uint32 | bought uint32 (Wh) | paid int46 | received int46 (ledger units)
type EntryWord is uint256;

using SeatStates for SeatState global;
using SeatLimitsFields for SeatLimits global;
using EntryWords for EntryWord global;

library SeatStates {
    /// A change of the account or of the grid operator waits in the seat's schedules.
    uint256 internal constant CHANGE_WAITS = 1;
    /// The seat took part in a batch of several parts whose outcome has not reached the balance yet.
    uint256 internal constant OUTCOME_WAITS = 2;
    /// The seat's meter has changed its key at least once: who signs for it depends on the time.
    uint256 internal constant KEY_CHANGED = 4;

    function balance(SeatState state) internal pure returns (uint256) {
        return SeatState.unwrap(state) >> 176;
    }

    function exportWh(SeatState state) internal pure returns (uint256) {
        return (SeatState.unwrap(state) >> 128) & type(uint48).max;
    }

    function importWh(SeatState state) internal pure returns (uint256) {
        return (SeatState.unwrap(state) >> 80) & type(uint48).max;
    }

    function time(SeatState state) internal pure returns (uint256) {
        return (SeatState.unwrap(state) >> 48) & type(uint32).max;
    }

    function epoch(SeatState state) internal pure returns (uint256) {
        return (SeatState.unwrap(state) >> 32) & type(uint16).max;
    }

    /// In seconds: the mandate's last interval ends here or earlier.
    function validUntil(SeatState state) internal pure returns (uint256) {
        unchecked {
            return ((SeatState.unwrap(state) >> 16) & type(uint16).max) * 1 days;
        }
    }

    function has(SeatState state, uint256 flag) internal pure returns (bool) {
        return SeatState.unwrap(state) & flag != 0;
    }

    function hasAny(SeatState state) internal pure returns (bool) {
        return SeatState.unwrap(state) & type(uint16).max != 0;
    }

    function with(SeatState state, uint256 flag) internal pure returns (SeatState) {
        return SeatState.wrap(SeatState.unwrap(state) | flag);
    }

    function without(SeatState state, uint256 flag) internal pure returns (SeatState) {
        return SeatState.wrap(SeatState.unwrap(state) & ~flag);
    }

    /// `units` must be below 2^80: the escrow never holds more for one area.
    function withBalance(SeatState state, uint256 units) internal pure returns (SeatState) {
        return SeatState.wrap((SeatState.unwrap(state) & ((1 << 176) - 1)) | (units << 176));
    }

    function withValidUntil(SeatState state, uint16 day) internal pure returns (SeatState) {
        return SeatState.wrap((SeatState.unwrap(state) & ~(uint256(type(uint16).max) << 16)) | (uint256(day) << 16));
    }

    /// The same seat with its base at a later reading of the same epoch. The caller has checked that the values fit their fields.
    function movedTo(SeatState state, uint256 time_, uint256 importWh_, uint256 exportWh_)
        internal
        pure
        returns (SeatState)
    {
        // Balance above, epoch, validity and flags below.
        uint256 kept = SeatState.unwrap(state) & ((uint256(type(uint80).max) << 176) | type(uint48).max);
        return SeatState.wrap(kept | (exportWh_ << 128) | (importWh_ << 80) | (time_ << 48));
    }

    /// The same seat with its base at another reading. The caller has checked that the values fit their fields.
    function withBase(SeatState state, uint256 epoch_, uint256 time_, uint256 importWh_, uint256 exportWh_)
        internal
        pure
        returns (SeatState)
    {
        // Balance above, validity and flags below.
        uint256 kept = SeatState.unwrap(state) & ((uint256(type(uint80).max) << 176) | type(uint32).max);
        return SeatState.wrap(kept | (exportWh_ << 128) | (importWh_ << 80) | (time_ << 48) | (epoch_ << 32));
    }
}

library SeatLimitsFields {
    function meter(SeatLimits limits) internal pure returns (address) {
        return address(uint160(SeatLimits.unwrap(limits) >> 96));
    }

    function sellFloor(SeatLimits limits) internal pure returns (int256) {
        return int24(uint24(SeatLimits.unwrap(limits) >> 72));
    }

    function buyCeiling(SeatLimits limits) internal pure returns (int256) {
        return int24(uint24(SeatLimits.unwrap(limits) >> 48));
    }

    function maxSellWh(SeatLimits limits) internal pure returns (uint256) {
        return uint24(SeatLimits.unwrap(limits) >> 24);
    }

    function maxBuyWh(SeatLimits limits) internal pure returns (uint256) {
        return uint24(SeatLimits.unwrap(limits));
    }

    // Casts to unsigned keep a negative price inside its field.
    // forge-lint: disable-next-item(unsafe-typecast)
    function pack(address meter_, int24 sellFloor_, int24 buyCeiling_, uint24 maxSellWh_, uint24 maxBuyWh_)
        internal
        pure
        returns (SeatLimits)
    {
        return SeatLimits.wrap(
            (uint256(uint160(meter_)) << 96) | (uint256(uint24(sellFloor_)) << 72)
                | (uint256(uint24(buyCeiling_)) << 48) | (uint256(maxSellWh_) << 24) | maxBuyWh_
        );
    }
}

library EntryWords {
    function number(EntryWord word) internal pure returns (uint256) {
        return EntryWord.unwrap(word) >> 232;
    }

    function lag(EntryWord word) internal pure returns (uint256) {
        return (EntryWord.unwrap(word) >> 220) & 0xfff;
    }

    function exportDelta(EntryWord word) internal pure returns (uint256) {
        return (EntryWord.unwrap(word) >> 188) & type(uint32).max;
    }

    function importDelta(EntryWord word) internal pure returns (uint256) {
        return (EntryWord.unwrap(word) >> 156) & type(uint32).max;
    }

    function soldWh(EntryWord word) internal pure returns (uint256) {
        return (EntryWord.unwrap(word) >> 124) & type(uint32).max;
    }

    function boughtWh(EntryWord word) internal pure returns (uint256) {
        return (EntryWord.unwrap(word) >> 92) & type(uint32).max;
    }

    // Shifting left cuts off what is above the field, shifting back keeps its sign, here and below.
    // forge-lint: disable-next-item(unsafe-typecast)
    function paid(EntryWord word) internal pure returns (int256) {
        return int256(EntryWord.unwrap(word) << 164) >> 210;
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function received(EntryWord word) internal pure returns (int256) {
        return int256(EntryWord.unwrap(word) << 210) >> 210;
    }
}
