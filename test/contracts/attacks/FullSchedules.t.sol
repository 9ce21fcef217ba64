// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";

/// One party uses up every place for changes, so that another cannot act.
contract FullSchedulesTest is Street {
    Home internal seller;

    function setUp() public override {
        super.setUp();
        seller = _ready(1, 0);
    }

    function change(Home memory home, uint32 from) external {
        Mandate memory next = _mandate(home);
        next.version = escrow.seatView(home.seat).version + 1;
        next.validFrom = from;
        _change(home, next);
    }

    function confirm(Home memory home, uint32 from) external {
        _confirm(home, 100, from);
    }

    /// The operator is dead and every place in the schedules is taken by changes that have begun.
    function test_full_schedules_never_block_closing_or_revoking() public {
        for (uint32 i = 0; i < 3; ++i) {
            this.change(seller, 0);
            _confirm(seller, 100, uint32(block.timestamp));
            vm.warp(block.timestamp + INTERVAL);
        }
        vm.expectRevert(ICommon.TooManyChanges.selector);
        this.change(seller, 0);
        vm.expectRevert(ICommon.TooManyChanges.selector);
        this.confirm(seller, uint32(block.timestamp));
        _revoke(seller, 0);
        vm.warp(block.timestamp + 10 * INTERVAL);
        vm.expectRevert(ICommon.TooManyChanges.selector);
        this.confirm(seller, uint32(block.timestamp));
        // A second revocation changes nothing and is not refused either.
        _revoke(seller, 0);
        _close(seller);
        // A settlement makes room again.
        vm.warp(START + 2 * DAY);
        _settle(_batch(START, START + DAY), _entry(seller, START + DAY, Trade(0, 0, 0, 0, 0, 0, 0)));
        _confirm(seller, 100, uint32(block.timestamp) + INTERVAL);
        _revoke(seller, 0);
    }

    function test_an_account_cannot_spend_the_grid_operators_places() public {
        for (uint32 i = 0; i < 3; ++i) {
            this.change(seller, 0);
            vm.warp(block.timestamp + INTERVAL);
        }
        for (uint32 i = 0; i < 3; ++i) {
            _confirm(seller, 100, uint32(block.timestamp));
            vm.warp(block.timestamp + INTERVAL);
        }
        _revoke(seller, 0);
    }
}
