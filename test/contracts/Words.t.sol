// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";
import {SeatState, SeatLimits, SeatLimitsFields, EntryWord} from "../../contracts/src/Words.sol";

/// The packed words say what was put into them, and each field keeps to itself.
contract WordsTest {
    Vm private constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// The same word as in `entry.test.ts`.
    function test_the_fields_of_an_entry_stand_where_typescript_writes_them() public pure {
        EntryWord word = EntryWord.wrap(0x01020304505060708090a0b0c0d0e0f101112131fffffffffff91b1c1d1e1f20);
        vm.assertEq(word.number(), 0x010203);
        vm.assertEq(word.lag(), 0x045);
        vm.assertEq(word.exportDelta(), 0x05060708);
        vm.assertEq(word.importDelta(), 0x090a0b0c);
        vm.assertEq(word.soldWh(), 0x0d0e0f10);
        vm.assertEq(word.boughtWh(), 0x1112131f);
        vm.assertEq(word.paid(), -28);
        vm.assertEq(word.received(), 0x1b1c1d1e1f20);
    }

    function testFuzz_an_entry_is_its_fields(
        uint24 number,
        uint16 lag,
        uint32 exportDelta,
        uint32 importDelta,
        uint32 sold,
        uint32 bought,
        int48 paid,
        int48 received
    ) public pure {
        // Cut to the fields' widths.
        lag &= 0xfff;
        (paid, received) = (paid >> 2, received >> 2);
        uint256 packed = number;
        packed = (packed << 12) | lag;
        packed = (packed << 32) | exportDelta;
        packed = (packed << 32) | importDelta;
        packed = (packed << 32) | sold;
        packed = (packed << 32) | bought;
        packed = (packed << 46) | (uint48(paid) & ((1 << 46) - 1));
        packed = (packed << 46) | (uint48(received) & ((1 << 46) - 1));
        EntryWord word = EntryWord.wrap(packed);
        vm.assertEq(word.number(), number);
        vm.assertEq(word.lag(), lag);
        vm.assertEq(word.exportDelta(), exportDelta);
        vm.assertEq(word.importDelta(), importDelta);
        vm.assertEq(word.soldWh(), sold);
        vm.assertEq(word.boughtWh(), bought);
        vm.assertEq(word.paid(), paid);
        vm.assertEq(word.received(), received);
    }

    function testFuzz_a_state_changes_field_by_field(
        uint256 before,
        uint80 balance,
        uint16 epoch,
        uint32 time,
        uint48 importWh,
        uint48 exportWh,
        uint16 day
    ) public pure {
        SeatState old = SeatState.wrap(before);
        SeatState moved = old.withBase(epoch, time, importWh, exportWh);
        vm.assertEq(moved.epoch(), epoch);
        vm.assertEq(moved.time(), time);
        vm.assertEq(moved.importWh(), importWh);
        vm.assertEq(moved.exportWh(), exportWh);
        vm.assertEq(moved.balance(), old.balance());
        vm.assertEq(moved.validUntil(), old.validUntil());
        vm.assertEq(SeatState.unwrap(moved) & type(uint16).max, before & type(uint16).max);
        SeatState paid = moved.withBalance(balance);
        vm.assertEq(paid.balance(), balance);
        vm.assertEq(SeatState.unwrap(paid) << 80, SeatState.unwrap(moved) << 80);
        SeatState dated = paid.withValidUntil(day);
        vm.assertEq(dated.validUntil(), uint256(day) * 1 days);
        vm.assertEq(SeatState.unwrap(dated) | (0xffff << 16), SeatState.unwrap(paid) | (0xffff << 16));
        vm.assertTrue(dated.with(1).has(1) && dated.with(1).hasAny() && !dated.without(1).has(1));
        vm.assertEq(SeatState.unwrap(dated.with(1)) | 1, SeatState.unwrap(dated) | 1);
    }

    function testFuzz_limits_are_their_fields(address meter, int24 floor, int24 ceiling, uint24 sell, uint24 buy)
        public
        pure
    {
        SeatLimits limits = SeatLimitsFields.pack(meter, floor, ceiling, sell, buy);
        vm.assertEq(limits.meter(), meter);
        vm.assertEq(limits.sellFloor(), floor);
        vm.assertEq(limits.buyCeiling(), ceiling);
        vm.assertEq(limits.maxSellWh(), sell);
        vm.assertEq(limits.maxBuyWh(), buy);
    }
}
