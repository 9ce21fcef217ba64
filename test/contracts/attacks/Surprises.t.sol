// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {IEscrow, Mandate, Withdrawal} from "../../../contracts/src/IEscrow.sol";

/// Whatever a user, grid operator or meter does now, a batch that is valid now for past intervals stays valid; and
/// neither party can fill the other's schedule.
contract SurprisesTest is Street {
    Home internal seller;
    Home internal buyer;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        seller = _ready(1, 0);
        buyer = _ready(2, 10_000_000);
    }

    function _entries() private view returns (bytes memory) {
        return abi.encodePacked(_entry(seller, END, _sell(5000, 1000)), _entry(buyer, END, _buy(5000, 1100)));
    }

    function test_backdated_changes_take_effect_at_the_next_boundary() public {
        vm.warp(END + 1);
        bytes memory entries = _entries();
        Mandate memory next = _mandate(seller);
        (next.version, next.validFrom, next.sellFloor) = (2, START, 3999);
        _change(seller, next);
        _revoke(seller, START);
        _close(seller);
        _confirm(buyer, 1, START);
        _close(buyer);
        _request(buyer, type(uint128).max, buyer.account);
        Home memory heir = _home(3);
        (heir.meterKey, heir.meter) = (buyer.meterKey, buyer.meter);
        _open(heir, _mandate(heir), START + 1, _epoch(heir));
        vm.warp(END + DELAY);
        _settle(_batch(START, END), entries);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
    }

    /// Random actions of everybody but the operator, over two days, leave the batch of the first day valid.
    function testFuzz_nothing_invalidates_a_valid_batch(uint256 seed) public {
        vm.warp(END + 1);
        bytes memory entries = _entries();
        uint256 snapshot = vm.snapshotState();
        _settle(_batch(START, END), entries);
        vm.revertToState(snapshot);
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            Home memory home = seed & 1 == 0 ? seller : buyer;
            _act(home, seed >> 8);
            vm.warp(block.timestamp + (seed >> 200) % (DELAY / 13));
        }
        _settle(_batch(START, END), entries);
    }

    function _act(Home memory home, uint256 seed) private {
        uint32 from = uint32(block.timestamp - 1000 + (seed >> 16) % 10_000);
        if (seed % 7 == 0) {
            try this.close(home) {} catch {}
        } else if (seed % 7 == 1) {
            _request(home, type(uint128).max, home.account);
        } else if (seed % 7 == 2) {
            try this.confirm(home, from) {} catch {}
        } else if (seed % 7 == 3) {
            _revoke(home, from);
        } else if (seed % 7 == 4) {
            try this.claim(home) {} catch {}
        } else if (seed % 7 == 5) {
            try this.equivocate(home) {} catch {}
        } else {
            try this.change(home, from) {} catch {}
        }
    }

    function close(Home memory home) external {
        _close(home);
    }

    function confirm(Home memory home, uint32 from) external {
        _confirm(home, 1, from);
    }

    function claim(Home memory home) external {
        escrow.claim(home.seat);
    }

    function change(Home memory home, uint32 from) external {
        Mandate memory next = _mandate(home);
        next.version = escrow.seatView(home.seat).version + 1;
        (next.validFrom, next.sellFloor, next.buyCeiling) = (from, 3999, 1);
        _change(home, next);
    }

    function equivocate(Home memory home) external {
        uint32 time = uint32(block.timestamp / INTERVAL * INTERVAL);
        bytes memory a = _sign(home.meterKey, hashes.hash(_reading(home, time, 1, 0)));
        bytes memory b = _sign(home.meterKey, hashes.hash(_reading(home, time, 2, 0)));
        escrow.reportEquivocation(home.seat, _reading(home, time, 1, 0), a, _reading(home, time, 2, 0), b);
    }

    /// The operator is dead and every place in the schedules is taken by changes that have begun.
    function test_full_schedules_never_block_closing_or_revoking() public {
        for (uint32 i = 0; i < 3; ++i) {
            this.change(seller, 0);
            _confirm(seller, 100, uint32(block.timestamp));
            vm.warp(block.timestamp + INTERVAL);
        }
        vm.expectRevert(IEscrow.TooManyChanges.selector);
        this.change(seller, 0);
        vm.expectRevert(IEscrow.TooManyChanges.selector);
        this.confirm(seller, uint32(block.timestamp));
        _revoke(seller, 0);
        vm.warp(block.timestamp + 10 * INTERVAL);
        vm.expectRevert(IEscrow.TooManyChanges.selector);
        this.confirm(seller, uint32(block.timestamp));
        // A second revocation changes nothing and is not refused either.
        _revoke(seller, 0);
        _close(seller);
        // A settlement makes room again.
        vm.warp(END + DAY);
        _settle(_batch(START, END), _entry(seller, END, Trade(0, 0, 0, 0, 0, 0, 0)));
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
