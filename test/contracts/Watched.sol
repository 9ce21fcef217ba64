// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {AreaRules, Watchers} from "../../contracts/src/IAreas.sol";
import {Batch, Approvals} from "../../contracts/src/ISettlement.sol";
import {TypedData} from "../../contracts/src/TypedData.sol";

/// A street whose batches three watchers compute again; two of them are enough. A seller and a buyer trade there for a day.
abstract contract Watched is Street {
    uint32 internal constant GRACE = 1 hours;
    uint32 internal constant END = START + DAY;
    /// Ascending by their addresses.
    uint256[] internal watcherKeys;
    Watchers internal watchers;
    Home internal seller;
    Home internal buyer;
    bytes internal entries;

    function setUp() public virtual override {
        super.setUp();
        _nameWatchers();
        rules = _openWatched(grid, watchers);
        rulesHash = hashes.hash(rules);
        area = rules.area;
        seller = _ready(1, 0);
        buyer = _ready(2, 10_000_000);
        vm.warp(END);
        entries = abi.encodePacked(_entry(seller, END, _sell(5000, 1000)), _entry(buyer, END, _buy(5000, 1100)));
    }

    function _nameWatchers() internal {
        watcherKeys = [uint256(0x3a7c1), 0x3a7c2, 0x3a7c3];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(watcherKeys[j]) < vm.addr(watcherKeys[i])) {
                    (watcherKeys[i], watcherKeys[j]) = (watcherKeys[j], watcherKeys[i]);
                }
            }
            watchers.keys.push(vm.addr(watcherKeys[i]));
        }
        watchers.quorum = 2;
    }

    function _hashOf(Watchers memory list) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint256(list.quorum), list.keys));
    }

    function _openWatched(address by, Watchers memory list) internal returns (AreaRules memory opened) {
        opened = _rules(GRACE);
        (opened.grid, opened.watchers) = (by, _hashOf(list));
        opened = _numbered(opened);
        vm.prank(by);
        escrow.openArea(opened, list, operator);
    }

    function _day() internal view returns (Batch memory) {
        return _whole(_batch(START, END), entries);
    }

    function _headerOf(Batch memory batch) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                batch.area,
                batch.start,
                batch.end,
                batch.bandLow,
                batch.bandHigh,
                batch.statementRoot,
                batch.gridTake,
                keccak256(abi.encodePacked(batch.parts))
            )
        );
    }

    /// The watchers at these places sign, in this order.
    function _signedBy(bytes32 header, uint256[] memory places) internal view returns (Approvals memory approvals) {
        approvals.watchers = watchers;
        bytes32 digest = _digest(TypedData.hashApproval(rulesHash, header));
        for (uint256 i = 0; i < places.length; ++i) {
            (bytes32 r, bytes32 vs) = _compact(watcherKeys[places[i]], digest);
            approvals.signatures = abi.encodePacked(approvals.signatures, r, vs);
        }
    }

    function _one(uint256 place) internal pure returns (uint256[] memory places) {
        places = new uint256[](1);
        places[0] = place;
    }

    function _pair(uint256 first, uint256 second) internal pure returns (uint256[] memory places) {
        places = new uint256[](2);
        (places[0], places[1]) = (first, second);
    }

    function _none() internal pure returns (uint256[] memory) {
        return new uint256[](0);
    }

    function _settleWith(Batch memory batch, Approvals memory approvals) internal {
        vm.prank(operator);
        escrow.settle(batch, entries, approvals);
    }

    function _refuseSettling(Batch memory batch, Approvals memory approvals, bytes memory reason) internal {
        vm.prank(operator);
        vm.expectRevert(reason);
        escrow.settle(batch, entries, approvals);
    }

    function _refuseBy(uint256 place, bytes32 header) internal {
        bytes memory signature = _sign(watcherKeys[place], TypedData.hashRefusal(rulesHash, header, 7));
        escrow.refuseBatch(area, header, 7, watchers, signature);
    }
}
