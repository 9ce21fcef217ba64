// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";
import {Confirmation, IMeters} from "../../../contracts/src/IMeters.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// A revoked or suspended meter looks for a seat in which nobody knows of that.
contract ShedBarsTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        // Where nobody needs a confirmation a bar is all there is.
        AreaRules memory free = _rules(2);
        free.confirmation = 0;
        rules = _openArea(free);
        (rulesHash, area) = (hashes.hash(rules), rules.area);
        Home memory own = _home(1);
        _open(own);
        home = own;
        vm.warp(START);
    }

    /// Opens a seat for the meter of `who` again, with the next version, so many seconds from now.
    function _reopen(Home memory who, uint32 wait) private returns (Home memory) {
        Mandate memory mandate = _mandate(who);
        mandate.version = escrow.seatView(escrow.seatOf(who.account, who.meter, area)).version + 1;
        who.seat = _open(who, mandate, uint32(block.timestamp) + wait, _epoch(who));
        return who;
    }

    function _refusedToBuy(Home memory who) private {
        uint32 end = START + DAY;
        vm.warp(end + DAY);
        bytes memory entries = abi.encodePacked(
            _entry(who, end, Trade(94, 0, 0, 0, 0, 0, 0)), _entryFrom(who, 1, 1_000_000, 2_000_000, end, _buy(10, 1000))
        );
        _expectSettleRevert(
            _batch(START, end), entries, abi.encodeWithSelector(ISettlement.BeyondLimit.selector, who.seat)
        );
    }

    function test_closing_and_opening_again_does_not_shed_a_revocation() public {
        _revoke(home, 0);
        _close(home);
        vm.warp(START + INTERVAL);
        home = _reopen(home, 2);
        vm.assertTrue(escrow.seatView(home.seat).standing.barred);
        _refusedToBuy(home);
    }

    function test_another_account_takes_the_meter_with_its_bar() public {
        _revoke(home, 0);
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        heir = _reopen(heir, 2);
        vm.assertTrue(escrow.seatView(heir.seat).standing.barred);
    }

    function test_another_area_knows_of_it_until_its_own_grid_operator_confirms() public {
        _revoke(home, 0);
        AreaRules memory next = _rules(3);
        next.confirmation = 0;
        rules = _openArea(next);
        (rulesHash, area) = (hashes.hash(rules), rules.area);
        home = _reopen(home, 2);
        vm.assertTrue(escrow.seatView(home.seat).standing.barred);
        _confirm(home, 100, uint32(block.timestamp));
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        vm.warp(START + INTERVAL);
        heir = _reopen(heir, 3);
        vm.assertFalse(escrow.seatView(heir.seat).standing.barred);
    }

    /// The grid operator lets it trade again in a month: not in a new seat today.
    function test_a_confirmation_that_begins_later_lifts_nothing_before() public {
        _revoke(home, 0);
        _confirm(home, 100, START + 30 * DAY);
        _close(home);
        vm.warp(START + INTERVAL);
        home = _reopen(home, 2);
        vm.assertTrue(escrow.seatView(home.seat).standing.barred);
        vm.warp(START + 30 * DAY);
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        heir = _reopen(heir, 3);
        vm.assertFalse(escrow.seatView(heir.seat).standing.barred);
    }

    function test_a_confirmation_lifts_from_its_own_boundary_on() public {
        _revoke(home, 0);
        _confirm(home, 100, START + 30 * DAY);
        _close(home);
        vm.warp(START + 30 * DAY - 10);
        home = _reopen(home, 2);
        vm.assertEq(escrow.meterView(home.meter).begins, START + 30 * DAY);
        vm.assertFalse(escrow.seatView(home.seat).standing.barred);
    }

    /// What the grid operator signed before it knew of the contradiction lifts nothing.
    function test_a_confirmation_signed_before_a_bar_lifts_it_not() public {
        Confirmation memory early = _confirmation(home, 100, START + 30 * DAY);
        early.version = 2;
        bytes memory signature = _sign(GRID_KEY, hashes.hash(early));
        _revoke(home, 0);
        vm.expectRevert(abi.encodeWithSelector(IMeters.OtherBars.selector, 1));
        escrow.confirmMeter(early, signature);
    }

    /// An area's grid operator that never met the meter has no say, nor has one that it left.
    function test_only_where_the_meter_is_it_can_be_confirmed() public {
        Home memory heir = _home(2);
        (heir.meterKey, heir.meter) = (home.meterKey, home.meter);
        heir = _reopen(heir, 2);
        vm.warp(START + INTERVAL);
        Confirmation memory gone = _confirmation(home, 100, START + DAY);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IMeters.MeterGone.selector, home.seat));
        escrow.confirmMeter(gone, "");
    }
}
