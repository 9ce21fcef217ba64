// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Gas} from "./Gas.sol";
import {Street} from "./Street.sol";
import {Watched} from "./Watched.sol";
import {Batch, Approvals} from "../../contracts/src/ISettlement.sol";

/// What watchers cost: the same batch of two entries with the signatures of two of three and without any.
contract WatchedGasTest is Gas, Watched {
    function setUp() public override(Street, Watched) {
        Watched.setUp();
    }

    function test_a_watched_batch() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        vm.prank(operator);
        escrow.announceBatch(area, header);
        _keep("announceBatch");
        vm.warp(block.timestamp + GRACE);
        uint256 announced = vm.snapshotState();
        _settleWith(batch, _signedBy(header, _none()));
        uint256 silent = _keep("settle: two entries, the watchers silent");
        vm.revertToState(announced);
        _settleWith(batch, _signedBy(header, _pair(0, 2)));
        uint256 signed = _keep("settle: two entries, two of three watchers");
        _keep("settle: a watcher's signature", (signed - silent) / 2);
    }

    function test_a_refusal() public {
        _refuseBy(1, _headerOf(_day()));
        _keep("refuseBatch");
    }
}
