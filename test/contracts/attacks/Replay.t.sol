// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {IEscrow} from "../../../contracts/src/IEscrow.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {Mandate, ISeats} from "../../../contracts/src/ISeats.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";
import {Batch, ISettlement} from "../../../contracts/src/ISettlement.sol";

/// What was signed for one chain, contract, area, batch or part counts in no other.
contract ReplayTest is Street {
    Home internal home;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function test_another_chain() public {
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
        bytes32 structHash = hashes.hash(withdrawal);
        bytes32 elsewhere =
            keccak256(abi.encodePacked(hex"1901", _separatorOf(block.chainid + 1, address(escrow)), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(home.accountKey, elsewhere);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.requestWithdrawal(withdrawal, abi.encodePacked(r, s, v));
        escrow.requestWithdrawal(withdrawal, _sign(home.accountKey, structHash));
    }

    function test_another_contract() public {
        Mandate memory mandate = _mandate(home);
        bytes memory accountSignature = _sign(home.accountKey, hashes.hash(mandate));
        bytes memory consent = _consent(home, home.meterKey, mandate.rules, START);
        bytes memory epochSignature = _sign(home.meterKey, hashes.hash(_epoch(home)));
        IEscrow twin = _deploy(address(token), DELAY);
        vm.prank(grid);
        twin.openArea(rules, _nobody(), operator);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        twin.openSeat(mandate, accountSignature, _times(START), consent, _epoch(home), epochSignature);
    }

    function test_another_area() public {
        AreaRules memory other = _rules(2);
        other = _openArea(other);
        // A seat of one area is no seat of another, whatever number the operator writes.
        vm.warp(END);
        bytes memory entry = _entry(home, END, Trade(0, 0, 0, 0, 0, 0, 0));
        Batch memory batch = _batch(START, END);
        batch.area = other.area;
        _expectSettleRevert(
            batch,
            entry,
            abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, (uint64(other.area) << 32) | 1)
        );
        // A mandate for one area's rules changes nothing in another, since the rules' hash names the area.
        Mandate memory mandate = _mandate(home);
        mandate.version = 2;
        mandate.rules = hashes.hash(other);
        vm.expectRevert(abi.encodeWithSelector(ISeats.WrongRules.selector, mandate.rules));
        escrow.changeMandate(home.seat, mandate, "");
    }

    function test_another_batch() public {
        vm.warp(END + DAY);
        bytes memory entry = _entry(home, END, Trade(0, 0, 0, 0, 0, 0, 0));
        _settle(_batch(START, END), entry);
        _expectSettleRevert(
            _batch(END, END + DAY), entry, abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, home.seat)
        );
    }

    function test_the_same_entry_twice() public {
        vm.warp(END);
        bytes memory entry = _entry(home, END, Trade(0, 0, 0, 0, 0, 0, 0));
        _expectSettleRevert(
            _batch(START, END),
            abi.encodePacked(entry, entry),
            abi.encodeWithSelector(ISettlement.BadReadingTime.selector, home.seat, END)
        );
    }

    function test_another_part() public {
        vm.warp(END);
        bytes memory entry = _entry(home, END, Trade(0, 0, 0, 0, 0, 0, 0));
        Batch memory batch = _inParts(_batch(START, END), _two(entry, entry));
        _settle(batch, entry);
        batch.part = 1;
        _expectSettleRevert(batch, entry, abi.encodeWithSelector(ISettlement.BadReadingTime.selector, home.seat, END));
    }
}
