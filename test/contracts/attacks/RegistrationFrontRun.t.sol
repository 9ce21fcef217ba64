// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {IEscrow, AreaRules, Mandate} from "../../../contracts/src/IEscrow.sol";
import {TypedData} from "../../../contracts/src/TypedData.sol";

/// Whoever sees an area or a seat being opened cannot take its place.
contract RegistrationFrontRunTest is Street {
    function test_a_squatted_area_number_harms_nobody() public {
        // A stranger takes number 2 with rules of its own.
        address stranger = address(0xbad);
        AreaRules memory theirs = _rules(2);
        theirs.grid = stranger;
        vm.prank(stranger);
        escrow.openArea(theirs, stranger);
        AreaRules memory ours = _rules(2);
        Home memory other = _home(5);
        Mandate memory mandate = _mandate(other);
        mandate.rules = hashes.hash(ours);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.WrongRules.selector, mandate.rules));
        this.open(other, mandate);
    }

    function open(Home memory other, Mandate memory mandate) external {
        _open(other, mandate, START, _epoch(other));
    }

    function test_an_opening_relayed_by_another_opens_the_same_seat() public {
        Home memory other = _home(5);
        Mandate memory mandate = _mandate(other);
        bytes memory accountSignature = _sign(other.accountKey, hashes.hash(mandate));
        bytes memory consent = _consent(other, other.meterKey, mandate.rules, START);
        bytes memory epochSignature = _sign(other.meterKey, hashes.hash(_epoch(other)));
        vm.prank(address(0xbad));
        uint64 seat = escrow.openSeat(mandate, accountSignature, _times(START), consent, _epoch(other), epochSignature);
        vm.assertEq(escrow.seatView(seat).account, other.account);
        // The front-runner cannot put itself or other registers in.
        Mandate memory stolen = _mandate(other);
        stolen.account = address(0xbad);
        vm.prank(address(0xbad));
        vm.expectRevert(IEscrow.WrongParty.selector);
        escrow.openSeat(stolen, "", _times(START), consent, _epoch(other), epochSignature);
    }
}
