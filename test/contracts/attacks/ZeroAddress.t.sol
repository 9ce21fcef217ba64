// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";
import {Withdrawal} from "../../../contracts/src/IPurses.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A broken signature recovers the zero address, which signs for nobody.
contract ZeroAddressTest is Street {
    Home internal nobody;

    function test_nobody_signs_for_the_zero_address() public {
        vm.warp(START + DAY);
        // Seat 99 does not exist: its meter is zero, and a broken signature recovers zero.
        bytes memory entry = abi.encodePacked(_word(_seatId(99), Trade(0, 0, 0, 0, 0, 0, 0)), bytes32(0), bytes32(0));
        _expectSettleRevert(
            _batch(START, START + DAY), entry, abi.encodeWithSelector(ICommon.SeatUnknown.selector, _seatId(99))
        );
        // Nor is there a seat 0.
        entry = abi.encodePacked(_word(_seatId(0), Trade(0, 0, 0, 0, 0, 0, 0)), bytes32(0), bytes32(0));
        _expectSettleRevert(_batch(START, START + DAY), entry, abi.encodeWithSelector(ISettlement.BadEntries.selector));
    }

    function test_the_zero_address_opens_no_seat() public {
        bytes memory broken = new bytes(65);
        Home memory home = _home(1);
        Mandate memory mandate = _mandate(home);
        mandate.account = address(0);
        home.account = address(0);
        bytes memory consent = _consent(home, home.meterKey, mandate.rules, START);
        bytes memory epoch = _sign(home.meterKey, hashes.hash(_epoch(home)));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, address(0)));
        escrow.openSeat(mandate, broken, _times(START), consent, _epoch(home), epoch);
        // Nor does it consent as a meter.
        home = _home(1);
        mandate = _mandate(home);
        mandate.meter = address(0);
        bytes memory signature = _sign(home.accountKey, hashes.hash(mandate));
        nobody.account = home.account;
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, address(0)));
        escrow.openSeat(mandate, signature, _times(START), broken, _epoch(nobody), broken);
    }

    function test_the_zero_address_withdraws_from_no_seat() public {
        Withdrawal memory withdrawal = Withdrawal(address(0), _seatId(99), 1, address(7), 0, NO_DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(ICommon.SeatUnknown.selector, withdrawal.seat));
        escrow.requestWithdrawal(withdrawal, new bytes(65));
    }
}
