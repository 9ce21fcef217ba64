// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";

/// Whatever a user, grid operator or meter does now, backdated or not, a batch that is valid now for past intervals stays valid.
contract BackdatedChangesTest is Pair {
    function _entries() private view returns (bytes memory) {
        return _pair(_buy(5000, 1100), _sell(5000, 1000));
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
        if (seed % 8 == 7) {
            try this.rotate(home, from) {} catch {}
        } else if (seed % 7 == 0) {
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

    /// Of several keys only the first change succeeds: the later ones are not signed by the meter's last key.
    function rotate(Home memory home, uint32 from) external {
        _rotate(home, uint256(keccak256(abi.encode(home.seat, from))), from);
    }

    function equivocate(Home memory home) external {
        uint32 time = uint32(block.timestamp / INTERVAL * INTERVAL);
        bytes memory a = _sign(home.meterKey, hashes.hash(_reading(home, time, 1, 0)));
        bytes memory b = _sign(home.meterKey, hashes.hash(_reading(home, time, 2, 0)));
        escrow.reportEquivocation(_reading(home, time, 1, 0), a, _reading(home, time, 2, 0), b);
    }
}
