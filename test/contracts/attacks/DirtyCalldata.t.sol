// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";
import {Batch} from "../../../contracts/src/ISettlement.sol";

/// Unclean upper bits in the calldata never pass, signed or not.
contract DirtyCalldataTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function _dirty(bytes memory data, uint256 word) private pure returns (bytes memory) {
        assembly {
            let place := add(add(data, 0x24), mul(word, 0x20))
            mstore(place, or(mload(place), shl(255, 1)))
        }
        return data;
    }

    function test_a_withdrawal_with_dirty_words() public {
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
        for (uint256 word = 0; word < 6; ++word) {
            bytes memory data = _dirty(
                abi.encodeCall(escrow.requestWithdrawal, (withdrawal, _sign(home.accountKey, hashes.hash(withdrawal)))),
                word
            );
            vm.prank(home.account);
            (bool done,) = address(escrow).call(data);
            vm.assertFalse(done);
            // Nor when the account itself sends it.
            data = _dirty(abi.encodeCall(escrow.requestWithdrawal, (withdrawal, "")), word);
            vm.prank(home.account);
            (done,) = address(escrow).call(data);
            vm.assertFalse(done);
        }
    }

    function test_a_mandate_with_dirty_words() public {
        Mandate memory next = _mandate(home);
        next.version = 2;
        bytes memory signature = _sign(home.accountKey, hashes.hash(next));
        // Word 0 is the seat, word 3 the rules (a full word); the others are the mandate's fields.
        for (uint256 word = 1; word < 12; ++word) {
            if (word == 3) continue;
            bytes memory data = _dirty(abi.encodeCall(escrow.changeMandate, (home.seat, next, signature)), word);
            (bool done,) = address(escrow).call(data);
            vm.assertFalse(done);
        }
    }

    function test_a_batch_with_dirty_words() public {
        vm.warp(START + DAY);
        Batch memory batch = _whole(_batch(START, START + DAY), "");
        bytes memory clean = abi.encodeCall(escrow.settle, (batch, "", _unwatched()));
        // Three offsets, then the batch's fields.
        for (uint256 word = 0; word < 12; ++word) {
            if (word == 8) continue; // the statement root is a full word
            bytes memory data = _dirty(bytes.concat(clean), word);
            vm.prank(operator);
            (bool refused,) = address(escrow).call(data);
            vm.assertFalse(refused);
        }
        vm.prank(operator);
        (bool done,) = address(escrow).call(clean);
        vm.assertTrue(done);
    }

    function test_entries_cut_short_or_beyond_the_calldata() public {
        vm.warp(START + DAY);
        bytes memory entries = _entry(home, START + DAY, Trade(0, 0, 0, 0, 0, 0, 0));
        Batch memory batch = _whole(_batch(START, START + DAY), entries);
        bytes memory clean = abi.encodeCall(escrow.settle, (batch, entries, _unwatched()));
        uint256[3] memory lengths = [uint256(95), 96 * 1000, type(uint256).max];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory data = bytes.concat(clean);
            uint256 length = lengths[i];
            assembly ("memory-safe") {
                let head := add(data, 0x24)
                mstore(add(head, mload(add(head, 0x20))), length)
            }
            vm.prank(operator);
            (bool refused,) = address(escrow).call(data);
            vm.assertFalse(refused);
        }
        vm.prank(operator);
        (bool done,) = address(escrow).call(clean);
        vm.assertTrue(done);
    }
}
