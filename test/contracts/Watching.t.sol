// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Watched} from "./Watched.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {AreaRules, Watchers, IAreas} from "../../contracts/src/IAreas.sol";
import {Batch, Approvals, ISettlement} from "../../contracts/src/ISettlement.sol";

/// Independent parties compute each batch again: what their word, their silence and their refusal do.
contract WatchingTest is Watched {
    function test_a_quorum_lets_a_batch_settle_at_once() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        vm.expectEmit();
        emit ISettlement.BatchWatched(area, END, header, 2);
        _settleWith(batch, _signedBy(header, _pair(0, 2)));
        vm.assertEq(escrow.settledUntil(area), END);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
    }

    function test_fewer_than_the_quorum_are_waited_for() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        bytes memory waits = abi.encodeWithSelector(ISettlement.NotApproved.selector, header, 0);
        _refuseSettling(batch, _signedBy(header, _none()), waits);
        _refuseSettling(batch, _signedBy(header, _one(1)), waits);
    }

    function test_silence_settles_an_announced_batch_after_the_grace() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        Approvals memory alone = _signedBy(header, _one(1));
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotOperator.selector, address(this)));
        escrow.announceBatch(area, header);
        vm.expectEmit();
        emit ISettlement.BatchAnnounced(area, header);
        vm.prank(operator);
        escrow.announceBatch(area, header);
        (bytes32 announced, uint32 silentFrom) = escrow.announcementOf(area);
        vm.assertEq(announced, header);
        vm.assertEq(silentFrom, END + GRACE);
        vm.warp(END + GRACE - 1);
        _refuseSettling(
            batch, alone, abi.encodeWithSelector(ISettlement.NotApproved.selector, header, uint256(END + GRACE))
        );
        vm.warp(END + GRACE);
        vm.expectEmit();
        emit ISettlement.BatchWatched(area, END, header, 1);
        _settleWith(batch, alone);
    }

    function test_an_announcement_is_of_one_header() public {
        Batch memory batch = _day();
        vm.prank(operator);
        escrow.announceBatch(area, _headerOf(batch));
        vm.warp(END + GRACE);
        batch.statementRoot = keccak256("another");
        bytes32 header = _headerOf(batch);
        _refuseSettling(
            batch, _signedBy(header, _none()), abi.encodeWithSelector(ISettlement.NotApproved.selector, header, 0)
        );
        vm.prank(operator);
        escrow.announceBatch(area, header);
        (, uint32 silentFrom) = escrow.announcementOf(area);
        vm.assertEq(silentFrom, END + 2 * GRACE);
    }

    /// Whoever guesses what meters will measure could name a batch that nobody can compute yet, and let the watchers' time pass.
    function test_a_batch_that_is_not_over_cannot_be_announced() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        vm.warp(END - 1);
        vm.prank(operator);
        escrow.announceBatch(area, header);
        vm.warp(END + GRACE);
        _refuseSettling(
            batch, _signedBy(header, _one(0)), abi.encodeWithSelector(ISettlement.NotApproved.selector, header, 0)
        );
        vm.prank(operator);
        escrow.announceBatch(area, header);
        vm.warp(END + 2 * GRACE);
        _settleWith(batch, _signedBy(header, _none()));
    }

    function test_nothing_was_announced_at_first() public view {
        (bytes32 header, uint32 silentFrom) = escrow.announcementOf(area);
        vm.assertEq(header, 0);
        vm.assertEq(silentFrom, 0);
    }

    function test_no_watcher_counts_twice() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        bytes memory reason = abi.encodeWithSelector(ICommon.BadSignature.selector, watchers.keys[0]);
        _refuseSettling(batch, _signedBy(header, _pair(0, 0)), reason);
        _refuseSettling(batch, _signedBy(header, _pair(1, 0)), reason);
    }

    function test_strangers_and_other_headers_do_not_count() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        uint256 known = watcherKeys[2];
        watcherKeys[2] = 0x5742;
        Approvals memory forged = _signedBy(header, _one(2));
        watcherKeys[2] = known;
        _refuseSettling(batch, forged, abi.encodeWithSelector(ICommon.BadSignature.selector, vm.addr(0x5742)));
        Approvals memory other = _signedBy(keccak256("other"), _pair(0, 1));
        vm.prank(operator);
        vm.expectPartialRevert(ICommon.BadSignature.selector);
        escrow.settle(batch, entries, other);
        other.signatures = new bytes(64);
        _refuseSettling(batch, other, abi.encodeWithSelector(ICommon.BadSignature.selector, address(0)));
    }

    function test_only_the_areas_own_watchers_are_asked() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        Approvals memory approvals = _signedBy(header, _pair(0, 1));
        approvals.watchers.quorum = 1;
        _refuseSettling(batch, approvals, abi.encodeWithSelector(ISettlement.WrongWatchers.selector));
        _refuseSettling(batch, _unwatched(), abi.encodeWithSelector(ISettlement.WrongWatchers.selector));
        Watchers memory others = watchers;
        others.keys[0] = address(1);
        vm.expectRevert(ISettlement.WrongWatchers.selector);
        escrow.refuseBatch(area, header, 1, others, "");
        vm.expectRevert(abi.encodeWithSelector(ICommon.AreaUnknown.selector, 77));
        escrow.refuseBatch(77, header, 1, watchers, "");
    }

    function test_enough_refusals_block_the_batch_for_good() public {
        Batch memory batch = _day();
        bytes32 header = _headerOf(batch);
        vm.expectEmit();
        emit ISettlement.BatchRefused(area, header, watchers.keys[1], 7);
        _refuseBy(1, header);
        vm.assertEq(escrow.refusalsOf(area, header), 1);
        uint256 before = vm.snapshotState();
        _settleWith(batch, _signedBy(header, _pair(0, 2)));
        vm.revertToState(before);
        _refuseBy(2, header);
        vm.assertEq(escrow.refusalsOf(area, header), 2);
        bytes memory blocked = abi.encodeWithSelector(ISettlement.RefusedByWatchers.selector, header);
        _refuseSettling(batch, _signedBy(header, _pair(0, 1)), blocked);
        vm.prank(operator);
        escrow.announceBatch(area, header);
        vm.warp(END + GRACE);
        _refuseSettling(batch, _signedBy(header, _none()), blocked);
        // Another batch of the same day is another matter.
        batch.statementRoot = keccak256("another");
        _settleWith(batch, _signedBy(_headerOf(batch), _pair(0, 1)));
    }

    function test_a_refusal_is_a_watchers_own_and_counts_once() public {
        bytes32 header = keccak256("header");
        _refuseBy(1, header);
        bytes memory mine = _sign(watcherKeys[1], _refusal(header, 7));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.AlreadyRefused.selector, watchers.keys[1]));
        escrow.refuseBatch(area, header, 7, watchers, mine);
        vm.expectPartialRevert(ICommon.BadSignature.selector);
        escrow.refuseBatch(area, header, 8, watchers, mine);
        bytes memory stranger = _sign(0x5742, _refusal(header, 7));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, vm.addr(0x5742)));
        escrow.refuseBatch(area, header, 7, watchers, stranger);
        vm.assertEq(escrow.refusalsOf(area, header), 1);
    }

    function _refusal(bytes32 header, uint8 reason) private view returns (bytes32) {
        return keccak256(
            abi.encode(keccak256("BatchRefusal(bytes32 rules,bytes32 header,uint8 reason)"), rulesHash, header, reason)
        );
    }

    function test_a_batch_in_parts_is_signed_once_and_can_be_refused_on_the_way() public {
        bytes memory selling = _entry(seller, END, _sell(5000, 1000));
        bytes memory buying = _entry(buyer, END, _buy(5000, 1100));
        Batch memory batch = _inParts(_batch(START, END), _two(selling, buying));
        bytes32 header = _headerOf(batch);
        entries = selling;
        _settleWith(batch, _signedBy(header, _pair(0, 1)));
        batch.part = 1;
        entries = buying;
        // Who watches does not change between two parts.
        Approvals memory others = _signedBy(header, _none());
        others.watchers.quorum = 1;
        _refuseSettling(batch, others, abi.encodeWithSelector(ISettlement.WrongWatchers.selector));
        uint256 before = vm.snapshotState();
        _settleWith(batch, _signedBy(header, _none()));
        vm.assertEq(escrow.settledUntil(area), END);
        vm.revertToState(before);
        _refuseBy(0, header);
        _refuseBy(2, header);
        bytes memory blocked = abi.encodeWithSelector(ISettlement.RefusedByWatchers.selector, header);
        _refuseSettling(batch, _signedBy(header, _none()), blocked);
        vm.prank(operator);
        escrow.abandonBatch(area);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN);
    }

    function test_a_list_of_watchers_is_in_order_and_enough_for_its_quorum() public {
        for (uint256 i = 0; i < 6; ++i) {
            Watchers memory bad = watchers;
            if (i == 0) bad.quorum = 0;
            if (i == 1) bad.quorum = 4;
            if (i == 2) (bad.keys[0], bad.keys[1]) = (bad.keys[1], bad.keys[0]);
            if (i == 3) bad.keys[1] = bad.keys[0];
            if (i == 4) bad.keys = new address[](0);
            if (i == 5) bad.keys = new address[](65);
            for (uint256 k = 0; i == 5 && k < 65; ++k) {
                bad.keys[k] = address(uint160(k + 1));
            }
            AreaRules memory opened = _rules(GRACE);
            opened.watchers = _hashOf(bad);
            opened = _numbered(opened);
            vm.prank(grid);
            vm.expectRevert(IAreas.BadWatchers.selector);
            escrow.openArea(opened, bad, operator);
        }
        AreaRules memory unwatched = _numbered(_rules(5));
        vm.prank(grid);
        vm.expectRevert(IAreas.BadWatchers.selector);
        escrow.openArea(unwatched, watchers, operator);
    }

    function test_as_many_watchers_are_taken_as_there_are_places_for_refusals() public {
        Watchers memory most = watchers;
        most.keys = new address[](64);
        for (uint256 k = 0; k < 64; ++k) {
            most.keys[k] = address(uint160(k + 1));
        }
        AreaRules memory opened = _rules(GRACE);
        opened.watchers = _hashOf(most);
        opened = _numbered(opened);
        vm.prank(grid);
        escrow.openArea(opened, most, operator);
    }
}
