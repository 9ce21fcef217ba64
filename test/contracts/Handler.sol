// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Confirmation} from "../../contracts/src/IMeters.sol";
import {Street} from "./Street.sol";
import {Mandate, SeatView} from "../../contracts/src/ISeats.sol";
import {Batch} from "../../contracts/src/ISettlement.sol";

/// Lives through random days on a street of five homes: every action that anyone has, in any order, at any time.
/// Each meter's registers advance by 100 Wh an interval on both sides.
contract Handler is Street {
    uint256 internal constant HOMES = 5;
    Home[HOMES] internal homes;

    /// What the token side says: base units paid in and out.
    uint256 public paidIn;
    uint256 public paidOut;
    /// Per home, over all settled batches.
    uint256[HOMES] public soldWh;
    uint256[HOMES] public boughtWh;
    uint256 public batches;
    uint256 public trades;
    uint256 public splitBatches;
    uint256 public rotations;
    /// Per home: its keys after the first, each with the boundary after which it signs.
    uint256[][HOMES] internal nextKeys;
    uint32[][HOMES] internal nextFroms;
    uint32 public lastSettledUntil;
    bool public wentBack;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < HOMES; ++i) {
            homes[i] = _ready(i + 1, 0);
            deposit(i, 20_000_000);
        }
        vm.warp(START + 7 * INTERVAL);
    }

    // --- actions ---

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % (DAY / 2));
    }

    function deposit(uint256 who, uint256 tokens) public {
        tokens = tokens % 50_000_000 + 1;
        _fund(homes[who % HOMES], tokens);
        paidIn += tokens;
    }

    function request(uint256 who, uint128 amount) external {
        _request(homes[who % HOMES], amount % 2 == 0 ? type(uint128).max : amount % (10 * TEN), address(this));
    }

    function claim(uint256 who) external {
        uint256 before = token.balanceOf(address(this));
        try escrow.claim(homes[who % HOMES].seat) {
            paidOut += token.balanceOf(address(this)) - before;
        } catch {}
    }

    function withdrawGrid(uint128 amount) external {
        uint128 balance = escrow.gridBalance(area);
        if (balance < 10) return;
        uint256 before = token.balanceOf(address(this));
        vm.prank(grid);
        escrow.withdrawGrid(area, 10 + amount % (balance - 9), address(this));
        paidOut += token.balanceOf(address(this)) - before;
    }

    function change(uint256 who, int24 floor, int24 ceiling, uint32 from) external {
        Home memory home = homes[who % HOMES];
        Mandate memory next = _mandate(home);
        next.version = escrow.seatView(home.seat).version + 1;
        next.sellFloor = floor % 4000;
        next.buyCeiling = ceiling % 4000;
        next.validFrom = uint32(block.timestamp + from % DAY);
        bytes memory signature = _sign(home.accountKey, hashes.hash(next));
        try escrow.changeMandate(home.seat, next, signature) {} catch {}
    }

    function close(uint256 who) external {
        // Only one home in five ever closes for good, or the street would die out.
        Home memory home = homes[who % HOMES];
        if (who % HOMES != 0 || escrow.seatView(home.seat).closedFrom != 0) return;
        _close(home);
    }

    function confirm(uint256 who, uint24 nameplateWh, uint32 from) external {
        Confirmation memory confirmation =
            _confirmation(homes[who % HOMES], nameplateWh % 400, uint32(block.timestamp + from % DAY));
        vm.prank(grid);
        try escrow.confirmMeter(confirmation, "") {} catch {}
    }

    function rotate(uint256 who, uint32 from) external {
        uint256 index = who % HOMES;
        Home memory home = homes[index];
        if (nextKeys[index].length != 0) home.meterKey = nextKeys[index][nextKeys[index].length - 1];
        uint256 next = uint256(keccak256(abi.encode("next", index, nextKeys[index].length))) % ORDER;
        try this.handOver(home, next, uint32(block.timestamp + from % DAY)) {
            (, uint32 start,) = escrow.keyOf(vm.addr(next));
            nextKeys[index].push(next);
            nextFroms[index].push(start);
            ++rotations;
        } catch {}
    }

    function handOver(Home memory home, uint256 next, uint32 from) external {
        _rotate(home, next, from);
    }

    function _keyAt(Home memory home, uint32 time) internal view override returns (uint256 key) {
        key = home.meterKey;
        for (uint256 i = 0; i < HOMES; ++i) {
            if (homes[i].seat != home.seat) continue;
            for (uint256 k = 0; k < nextFroms[i].length; ++k) {
                if (nextFroms[i][k] < time) key = nextKeys[i][k];
            }
        }
    }

    function revoke(uint256 who, uint32 from) external {
        _revoke(homes[who % HOMES], uint32(block.timestamp + from % DAY));
    }

    function abandon(bool byOperator) external {
        if (byOperator) vm.prank(operator);
        try escrow.abandonBatch(area) {} catch {}
    }

    function settleWhole(uint256 seed) external {
        _settleNext(seed, 1);
    }

    function settleSplit(uint256 seed) external {
        _settleNext(seed, 2);
    }

    /// One part that nothing follows.
    function leaveOpen(uint256 seed) external {
        (Batch memory batch, bytes memory entries,) = _next(seed);
        if (batch.end <= batch.start) return;
        batch = _inParts(batch, _two(entries, ""));
        vm.prank(operator);
        try escrow.settle(batch, entries, _unwatched()) {} catch {}
    }

    // --- the operator's side ---

    function _settleNext(uint256 seed, uint16 parts) private {
        (Batch memory batch, bytes memory entries, uint32[2 * HOMES] memory energies) = _next(seed);
        if (batch.end <= batch.start) return;
        batch = parts == 1 ? _whole(batch, entries) : _inParts(batch, _two(entries, ""));
        vm.prank(operator);
        try escrow.settle(batch, entries, _unwatched()) {
            if (parts == 2) {
                batch.part = 1;
                _settle(batch, "");
                ++splitBatches;
            }
        } catch {
            return;
        }
        for (uint256 i = 0; i < HOMES; ++i) {
            soldWh[i] += energies[2 * i];
            boughtWh[i] += energies[2 * i + 1];
            if (energies[2 * i] != 0) ++trades;
        }
        ++batches;
        if (escrow.settledUntil(area) < lastSettledUntil) wentBack = true;
        lastSettledUntil = escrow.settledUntil(area);
    }

    /// A batch up to now in which one home sells to another, and every base moves up.
    function _next(uint256 seed)
        private
        view
        returns (Batch memory batch, bytes memory entries, uint32[2 * HOMES] memory energies)
    {
        uint32 end = uint32(block.timestamp / INTERVAL * INTERVAL);
        uint32 start = end - (end < START + DAY ? end - START : DAY);
        if (start < escrow.settledUntil(area)) start = escrow.settledUntil(area);
        batch = _batch(start, end);
        if (end <= start) return (batch, entries, energies);
        uint256 seller = seed % HOMES;
        uint256 buyer = (seller + 1 + (seed >> 8) % (HOMES - 1)) % HOMES;
        uint32 most = 100 * ((end - start) / INTERVAL);
        uint32 energy = uint32((seed >> 16) % (most + 1));
        (energies[2 * seller], energies[2 * buyer + 1]) = (energy, energy);
        int24 price = int24(int256((seed >> 64) % 3000));
        int24 fee = int24(int256((seed >> 96) % 1000));
        for (uint256 i = 0; i < HOMES; ++i) {
            Trade memory trade;
            if (i == seller) trade = _sell(energy, price);
            else if (i == buyer) trade = _buy(energy, price + fee);
            entries = abi.encodePacked(entries, _entriesOf(homes[i], start, end, trade));
        }
    }

    function _entriesOf(Home memory home, uint32 start, uint32 end, Trade memory trade)
        private
        view
        returns (bytes memory entries)
    {
        SeatView memory seat = escrow.seatView(home.seat);
        if (seat.time >= end) return "";
        uint32 base = seat.time;
        if (base < start) {
            uint32 gone = 100 * ((start - base) / INTERVAL);
            Trade memory idle = Trade(uint16((end - start) / INTERVAL), gone, gone, 0, 0, 0, 0);
            entries = _entry(home, end, idle);
            (seat.importWh, seat.exportWh, base) = (seat.importWh + gone, seat.exportWh + gone, start);
        }
        uint32 grown = 100 * ((end - base) / INTERVAL);
        (trade.exportDelta, trade.importDelta) = (grown, grown);
        entries = abi.encodePacked(entries, _entryFrom(home, seat.epoch, seat.importWh, seat.exportWh, end, trade));
    }

    // --- what the invariants ask ---

    function tokensHeld() external view returns (uint256) {
        return token.balanceOf(address(escrow));
    }

    function claims() external view returns (uint256 units) {
        for (uint256 i = 0; i < HOMES; ++i) {
            units += escrow.balanceOf(homes[i].seat);
        }
        units += escrow.gridBalance(area);
    }

    function batchIsOpen() external view returns (bool) {
        return escrow.openBatchOf(area).header != 0;
    }

    /// How far a home's registers have advanced since START.
    function advanced(uint256 i) external view returns (uint256) {
        return escrow.seatView(homes[i].seat).exportWh - 2_000_000;
    }

    function homeCount() external pure returns (uint256) {
        return HOMES;
    }

    /// Everybody leaves at once, with the operator dead. Whether each got what its purse held.
    function everybodyLeaves() external returns (bool complete) {
        uint128[HOMES] memory owed;
        for (uint256 i = 0; i < HOMES; ++i) {
            owed[i] = escrow.balanceOf(homes[i].seat);
            _request(homes[i], type(uint128).max, address(uint160(0x1000 + i)));
        }
        vm.warp(block.timestamp + DELAY);
        if (escrow.openBatchOf(area).header != 0) escrow.abandonBatch(area);
        complete = true;
        for (uint256 i = 0; i < HOMES; ++i) {
            if (owed[i] >= 10) escrow.claim(homes[i].seat);
            if (token.balanceOf(address(uint160(0x1000 + i))) < owed[i] / 10) complete = false;
        }
    }
}
