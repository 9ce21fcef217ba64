// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch, Approvals} from "../../contracts/src/ISettlement.sol";
import {TwoAreas} from "./TwoAreas.sol";

/// The operators of two areas: which batches they settle, and what was traded in them.
abstract contract AreaBatches is TwoAreas {
    /// Per home, over the batches of both areas.
    uint256[HOMES] public soldWh;
    uint256[HOMES] public boughtWh;
    /// Sales of one home to another; those of them by a seat that its meter has moved to; those in the area that is watched.
    uint256 public trades;
    uint256 public tradesAfterMoves;
    uint256 public watchedTrades;
    uint256 public splitBatches;
    uint256 private _rolls;
    uint32[AREAS] private _lastSettledUntil;
    bool public wentBack;
    /// Per home: when it traded, `[from, to)` in turn; and whether it did so at one time in two seats.
    uint32[][HOMES] private _traded;
    bool public tradedTwice;

    /// A batch in the making: what each place trades in it.
    struct Plan {
        uint256 which;
        uint32 start;
        uint32 end;
        Trade[] trades;
        uint256 sales;
        uint256 salesAfterMoves;
    }

    /// One part that nothing follows.
    function _leaveOpen(uint256 seed) internal {
        seed = _dice(seed);
        Plan memory plan = _plan(seed);
        if (plan.end <= plan.start) return;
        bytes memory entries = _entriesOf(plan);
        Batch memory batch = _inParts(_batch(plan.start, plan.end), _two(entries, ""));
        Approvals memory approvals = _approvalsOf(plan, batch, seed);
        vm.prank(operator);
        try escrow.settle(batch, entries, approvals) {} catch {}
    }

    /// A fuzzer likes small numbers, whose upper bits say nothing.
    function _dice(uint256 seed) internal returns (uint256) {
        return uint256(keccak256(abi.encode(seed, ++_rolls)));
    }

    function _settleNext(uint256 seed, uint16 parts) internal {
        seed = _dice(seed);
        Plan memory plan = _plan(seed);
        if (plan.end <= plan.start) return;
        bytes memory entries = _entriesOf(plan);
        Batch memory batch = _batch(plan.start, plan.end);
        batch = parts == 1 ? _whole(batch, entries) : _inParts(batch, _two(entries, ""));
        Approvals memory approvals = _approvalsOf(plan, batch, seed);
        vm.prank(operator);
        try escrow.settle(batch, entries, approvals) {
            if (parts == 2) {
                batch.part = 1;
                approvals.signatures = "";
                vm.prank(operator);
                try escrow.settle(batch, "", approvals) {
                    ++splitBatches;
                } catch {
                    // What is tried with whoever has a seat may have one side alone: then it stays open, for somebody to give up.
                    vm.assertTrue((seed >> 8) % 8 == 0, "an honest batch is whole");
                    return;
                }
            }
        } catch {
            return;
        }
        _count(plan);
    }

    function _count(Plan memory plan) private {
        for (uint256 i = 0; i < plan.trades.length; ++i) {
            Trade memory trade = plan.trades[i];
            if (trade.sold + trade.bought == 0) continue;
            uint256 home = places[i].home;
            soldWh[home] += trade.sold;
            boughtWh[home] += trade.bought;
            _noteTrading(_traded[home], plan.start, plan.end);
        }
        trades += plan.sales;
        tradesAfterMoves += plan.salesAfterMoves;
        if (plan.which == 1) watchedTrades += plan.sales;
        uint32 until = escrow.settledUntil(area);
        if (until < _lastSettledUntil[plan.which]) wentBack = true;
        _lastSettledUntil[plan.which] = until;
    }

    function _noteTrading(uint32[] storage traded, uint32 start, uint32 end) private {
        for (uint256 i = 0; i < traded.length; i += 2) {
            if (traded[i] < end && start < traded[i + 1]) tradedTwice = true;
        }
        traded.push(start);
        traded.push(end);
    }

    /// The next batch of an area. Mostly all who can trade sell to one another, until anything changes; sometimes it is tried
    /// with whoever has a seat, up to now.
    function _plan(uint256 seed) private returns (Plan memory plan) {
        plan.which = seed % AREAS;
        _enter(plan.which);
        bool isHonest = (seed >> 8) % 8 != 0;
        if (isHonest && escrow.openBatchOf(area).header != 0) {
            vm.prank(operator);
            escrow.abandonBatch(area);
        }
        plan.end = uint32(block.timestamp / INTERVAL * INTERVAL);
        plan.start = escrow.settledUntil(area);
        if (plan.start + DAY < plan.end) plan.start = plan.end < START + DAY ? START : plan.end - DAY;
        if (plan.end <= plan.start) return plan;
        if (isHonest) plan.end = _changeBetween(plan.which, plan.start, plan.end);
        plan.trades = new Trade[](places.length);
        uint256[] memory able = _able(plan, isHonest);
        if (able.length < 2) return plan;
        for (uint256 i = 0; i < able.length; ++i) {
            bytes32 dice = keccak256(abi.encode(seed, i));
            _sellTo(plan, able[i], able[(i + 1) % able.length], uint256(dice));
        }
    }

    function _able(Plan memory plan, bool isHonest) private view returns (uint256[] memory able) {
        able = new uint256[](places.length);
        uint256 count = 0;
        for (uint256 i = 0; i < places.length; ++i) {
            if (places[i].area != plan.which) continue;
            (bool canTrade,) = _tradesAt(places[i].seat, plan.start);
            if (canTrade ? isHonest : !isHonest && i % 2 == 0) able[count++] = i;
        }
        assembly ("memory-safe") {
            mstore(able, count)
        }
    }

    function _sellTo(Plan memory plan, uint256 seller, uint256 buyer, uint256 dice) private view {
        uint32 intervals = (plan.end - plan.start) / INTERVAL;
        uint32 most = 100 * intervals;
        (, uint24 mostWh) = _tradesAt(places[seller].seat, plan.start);
        if (mostWh * intervals < most) most = mostWh * intervals;
        uint32 energy = uint32(dice % (most + 1));
        int24 par = _par(plan.which);
        int24 fee = int24(int256((dice >> 64) % uint256(int256(par))));
        int48 paid = int48(int256(par + fee)) * int48(uint48(energy));
        if (energy == 0 || escrow.balanceOf(places[buyer].seat) < uint48(paid)) return;
        Trade memory sale = plan.trades[seller];
        (sale.sold, sale.received) = (energy, int48(int256(par)) * int48(uint48(energy)));
        Trade memory purchase = plan.trades[buyer];
        (purchase.bought, purchase.paid) = (energy, paid);
        ++plan.sales;
        if (seller >= HOMES) ++plan.salesAfterMoves;
    }

    function _entriesOf(Plan memory plan) private view returns (bytes memory joined) {
        for (uint256 i = 0; i < places.length; ++i) {
            if (places[i].area != plan.which) continue;
            Trade memory trade = plan.trades[i];
            (bool canTrade,) = _tradesAt(places[i].seat, plan.start);
            if (!canTrade && trade.sold + trade.bought == 0) continue;
            joined = abi.encodePacked(joined, _entriesOf(places[i], plan.start, plan.end, trade));
        }
    }

    /// Two watchers sign; now and then they are silent, and the batch waits for that to count.
    function _approvalsOf(Plan memory plan, Batch memory batch, uint256 seed)
        private
        returns (Approvals memory approvals)
    {
        if (plan.which == 0) return _unwatched();
        bytes32 header = _headerOf(batch);
        if ((seed >> 16) % 4 != 0) return _signedBy(header, (seed >> 24) % 2 == 0 ? _pair(0, 2) : _pair(1, 2));
        vm.prank(operator);
        escrow.announceBatch(area, header);
        vm.warp(block.timestamp + GRACE);
        return _signedBy(header, _none());
    }
}
