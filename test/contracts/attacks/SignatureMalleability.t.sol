// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A signature has one form of 65 bytes and one of 64; nobody makes another valid one of it.
contract SignatureMalleabilityTest is Street {
    Home internal home;
    bytes32 internal digest;
    Withdrawal internal withdrawal;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
        withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
        digest = _digest(hashes.hash(withdrawal));
    }

    function _refused(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.requestWithdrawal(withdrawal, signature);
    }

    function test_accepts_65_bytes_and_the_compact_form() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(home.accountKey, digest);
        escrow.requestWithdrawal(withdrawal, abi.encodePacked(r, s, v));
        withdrawal.nonce = 1;
        (bytes32 cr, bytes32 vs) = _compact(home.accountKey, _digest(hashes.hash(withdrawal)));
        escrow.requestWithdrawal(withdrawal, abi.encodePacked(cr, vs));
    }

    function test_refuses_high_s_and_odd_v() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(home.accountKey, digest);
        bytes32 high = bytes32(ORDER - uint256(s));
        _refused(abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27)));
        _refused(abi.encodePacked(r, s, v - 27));
        _refused(abi.encodePacked(r, s, v + 2));
        _refused(abi.encodePacked(r, s, v, uint8(0)));
        _refused(abi.encodePacked(r, bytes32(uint256(s) | (uint256(28 - v) << 255))));
        _refused(abi.encodePacked(r));
        _refused(abi.encodePacked(bytes32(0), bytes32(0), uint8(27)));
    }

    function test_an_entry_with_a_high_s_is_refused() public {
        vm.warp(START + DAY);
        Trade memory idle = Trade(0, 0, 0, 0, 0, 0, 0);
        bytes memory entry = _entry(home, START + DAY, idle);
        bytes32 r;
        bytes32 vs;
        assembly {
            r := mload(add(entry, 0x40))
            vs := mload(add(entry, 0x60))
        }
        // The compact form has no room for a high s: its bit is the parity. Flip the parity, or take a value in between.
        bytes memory reason = abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat);
        bytes32 flipped = vs ^ bytes32(uint256(1) << 255);
        _expectSettleRevert(_batch(START, START + DAY), abi.encodePacked(_word(home.seat, idle), r, flipped), reason);
        bytes32 high = bytes32(HALF_ORDER + 1);
        _expectSettleRevert(_batch(START, START + DAY), abi.encodePacked(_word(home.seat, idle), r, high), reason);
        _settle(_batch(START, START + DAY), entry);
    }

    function testFuzz_random_bytes_sign_nothing(bytes memory signature) public {
        vm.assume(signature.length != 0);
        _refused(signature);
    }
}
