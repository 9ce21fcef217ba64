// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Watched} from "../Watched.sol";
import {AreaRules, Watchers} from "../../../contracts/src/IAreas.sol";
import {Batch, Approvals} from "../../../contracts/src/ISettlement.sol";
import {TypedData} from "../../../contracts/src/TypedData.sol";

/// Anybody can open an area and be its only watcher. What that one refuses is nobody else's batch.
contract ForeignRefusalTest is Watched {
    function test_the_watcher_of_another_area_blocks_nothing_here() public {
        uint256 key = 0xbad;
        Watchers memory own = Watchers(1, new address[](1));
        own.keys[0] = vm.addr(key);
        AreaRules memory theirs = _openWatched(address(0xbad), own);
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        Approvals memory approvals = _signedBy(header, _pair(0, 1));
        bytes memory refusal = _sign(key, TypedData.hashRefusal(hashes.hash(theirs), header, 1));
        escrow.refuseBatch(theirs.area, header, 1, own, refusal);
        bytes memory second = _sign(watcherKeys[2], TypedData.hashRefusal(rulesHash, header, 1));
        escrow.refuseBatch(area, header, 1, watchers, second);
        _settleWith(batch, approvals);
        vm.assertEq(escrow.settledUntil(area), END);
    }
}
