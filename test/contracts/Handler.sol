// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Confirmation} from "../../contracts/src/IMeters.sol";
import {MovePurse} from "../../contracts/src/IPurses.sol";
import {Mandate} from "../../contracts/src/ISeats.sol";
import {Batch, Approvals} from "../../contracts/src/ISettlement.sol";
import {TwoAreas} from "./TwoAreas.sol";

/// Lives through random days in two areas: every action that anyone has, in any order, at any time.
contract Handler is TwoAreas {
    /// What the token side says: base units paid in and out.
    uint256 public paidIn;
    uint256 public paidOut;
    /// Per home, over the batches of both areas.
    uint256[HOMES] public soldWh;
    uint256[HOMES] public boughtWh;
    /// Sales of one home to another, and those of them that a seat made which its meter has moved to.
    uint256 public trades;
    uint256 public tradesAfterMoves;
    uint256 public watchedTrades;
    uint256 public splitBatches;
    uint256 public rotations;
    uint256 public moves;
    uint256 public successions;
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

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < HOMES; ++i) {
            deposit(i, 4_999_999);
        }
        vm.warp(START + 7 * INTERVAL);
    }

    // --- actions ---

    function pass(uint256 time) external {
        vm.warp(block.timestamp + _dice(time) % (DAY / 4));
    }

    function deposit(uint256 who, uint256 tokens) public {
        tokens = (tokens % 5_000_000 + 1) * 10;
        _fund(_homeAt(places[newest[who % HOMES]]), tokens);
        paidIn += tokens;
    }

    function request(uint256 where, uint128 amount) external {
        _request(
            _homeAt(places[where % places.length]), amount % 4 == 0 ? type(uint128).max : amount % TEN, address(this)
        );
    }

    /// To another seat of the same home, in whichever area.
    function movePurse(uint256 where, uint256 to, uint128 amount) external {
        Place memory from = places[where % places.length];
        Place memory next = places[to % places.length];
        if (from.home != next.home || from.seat == next.seat) next = places[newest[from.home]];
        if (from.seat == next.seat) return;
        Home memory home = _homeAt(from);
        uint32 nonce = escrow.withdrawalOf(from.seat).nextNonce;
        vm.prank(home.account);
        escrow.requestMove(MovePurse(home.account, from.seat, next.seat, amount % TEN + 1, nonce, NO_DEADLINE), "");
    }

    function claim(uint256 where) external {
        uint256 before = token.balanceOf(address(this));
        try escrow.claim(places[where % places.length].seat) {
            paidOut += token.balanceOf(address(this)) - before;
        } catch {}
    }

    function withdrawGrid(uint256 which, uint128 amount) external {
        _enter(which % AREAS);
        uint128 balance = escrow.gridBalance(area);
        if (balance < 10) return;
        uint256 before = token.balanceOf(address(this));
        vm.prank(grid);
        escrow.withdrawGrid(area, 10 + amount % (balance - 9), address(this));
        paidOut += token.balanceOf(address(this)) - before;
    }

    function change(uint256 who, int24 floor, int24 ceiling, uint32 from) external {
        Place memory place = places[newest[who % HOMES]];
        _enter(place.area);
        Home memory home = _homeAt(place);
        Mandate memory next = _mandate(home);
        int24 par = _par(place.area);
        next.version = escrow.seatView(place.seat).version + 1;
        next.sellFloor = par - (floor < 0 ? -(floor / 4) : floor / 4) % (2 * par);
        next.buyCeiling = 2 * par + (ceiling < 0 ? -(ceiling / 4) : ceiling / 4) % (2 * par);
        next.validFrom = uint32(block.timestamp + from % DAY);
        bytes memory signature = _sign(home.accountKey, hashes.hash(next));
        try escrow.changeMandate(place.seat, next, signature) {
            uint32 begins = escrow.meterView(home.meter).begins;
            uint32 start = _boundaryAt(next.validFrom);
            _note(terms[place.seat], Say(start < begins ? begins : start, true, 0));
            _noteClosing(place.seat);
        } catch {}
    }

    function close(uint256 who) external {
        Place memory place = places[newest[who % HOMES]];
        if (escrow.seatView(place.seat).closedFrom != 0) return;
        _close(_homeAt(place));
        _noteClosing(place.seat);
    }

    /// The home's meter goes to the other area; where its seat is closed, perhaps back into the same one.
    /// It brings money along.
    function move(uint256 who, bool back, uint32 from) external {
        who %= HOMES;
        Place memory place = places[newest[who]];
        bool isClosed = escrow.seatView(place.seat).closedFrom != 0;
        uint256 which = isClosed && back ? place.area : 1 - place.area;
        try this.takeSeat(who, which, uint32(block.timestamp + from % (DAY / 4))) {
            ++moves;
            deposit(who, 4_999_999);
        } catch {}
    }

    function takeSeat(uint256 who, uint256 which, uint32 from) external {
        _takeSeat(who, which, from);
    }

    function confirm(uint256 who, uint24 nameplateWh, uint32 from) external {
        Place memory place = places[newest[who % HOMES]];
        _enter(place.area);
        Confirmation memory confirmation =
            _confirmation(_homeAt(place), nameplateWh % 400, uint32(block.timestamp + from % (DAY / 8)));
        vm.prank(grid);
        try escrow.confirmMeter(confirmation, "") {
            _note(standings[place.seat], Say(_boundaryAt(confirmation.from), true, confirmation.nameplateWh));
        } catch {}
    }

    function revoke(uint256 who, uint32 from) external {
        Place memory place = places[newest[who % HOMES]];
        _enter(place.area);
        from = uint32(block.timestamp + from % DAY);
        _revoke(_homeAt(place), from);
        Say memory barred = Say(_boundaryAt(from), false, 0);
        _note(standings[place.seat], barred);
        uint64 former = escrow.meterView(homes[who % HOMES].meter).former;
        if (former != 0) _note(standings[former], barred);
    }

    function rotate(uint256 who, uint32 from) external {
        uint256 index = who % HOMES;
        Home memory home = _homeAt(places[newest[index]]);
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

    /// Both offices of an area are offered to somebody new.
    function offer(uint256 which, uint160 to) external {
        which %= AREAS;
        _enter(which);
        (nextGrids[which], nextOperators[which]) = (address(to | 1), address(to | 2));
        vm.startPrank(grid);
        escrow.offerGrid(area, nextGrids[which]);
        escrow.offerOperator(area, nextOperators[which]);
        vm.stopPrank();
    }

    function accept(uint256 which) external {
        which %= AREAS;
        _enter(which);
        // Nobody sends from the zero address.
        if (nextGrids[which] == address(0)) return;
        vm.prank(nextOperators[which]);
        try escrow.acceptOperator(area) {
            operators[which] = nextOperators[which];
            ++successions;
        } catch {}
        vm.prank(nextGrids[which]);
        try escrow.acceptGrid(area) {
            grids[which] = nextGrids[which];
            ++successions;
        } catch {}
    }

    function abandon(uint256 which, bool byOperator) external {
        _enter(which % AREAS);
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
        seed = _dice(seed);
        Plan memory plan = _plan(seed);
        if (plan.end <= plan.start) return;
        bytes memory entries = _entriesOf(plan);
        Batch memory batch = _inParts(_batch(plan.start, plan.end), _two(entries, ""));
        Approvals memory approvals = _approvalsOf(plan, batch, seed);
        vm.prank(operator);
        try escrow.settle(batch, entries, approvals) {} catch {}
    }

    // --- the operator's side ---

    /// A fuzzer likes small numbers, whose upper bits say nothing.
    function _dice(uint256 seed) private returns (uint256) {
        return uint256(keccak256(abi.encode(seed, ++_rolls)));
    }

    function _settleNext(uint256 seed, uint16 parts) private {
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
                escrow.settle(batch, "", approvals);
                ++splitBatches;
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

    // --- what the invariants ask ---

    /// In tenths of a base unit, as the first area counts.
    function held() external view returns (uint256) {
        return token.balanceOf(address(escrow)) * 10;
    }

    function claims() external view returns (uint256 tenths) {
        for (uint256 i = 0; i < places.length; ++i) {
            tenths += escrow.balanceOf(places[i].seat) * _tenths(places[i].area);
        }
        for (uint256 i = 0; i < AREAS; ++i) {
            tenths += escrow.gridBalance(rulesOf[i].area) * _tenths(i);
        }
    }

    function _tenths(uint256 which) private pure returns (uint256) {
        return which == 0 ? 1 : 100;
    }

    function batchIsOpen() external view returns (bool isOpen) {
        for (uint256 i = 0; i < AREAS; ++i) {
            if (escrow.openBatchOf(rulesOf[i].area).header != 0) isOpen = true;
        }
    }

    /// How far each home's registers have advanced, up to the last base of any of its seats.
    function advanced() external view returns (uint256[HOMES] memory most) {
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 grown = escrow.seatView(places[i].seat).exportWh - 1_000_000;
            if (grown > most[places[i].home]) most[places[i].home] = grown;
        }
    }

    /// Everybody leaves at once, with the operators dead. Whether each got what its purses held.
    function everybodyLeaves() external returns (bool complete) {
        uint256[] memory owed = new uint256[](places.length);
        for (uint256 i = 0; i < places.length; ++i) {
            owed[i] = escrow.balanceOf(places[i].seat) * _tenths(places[i].area) / 10;
            _request(_homeAt(places[i]), type(uint128).max, address(uint160(0x1000 + i)));
        }
        vm.warp(block.timestamp + DELAY);
        for (uint256 i = 0; i < AREAS; ++i) {
            if (escrow.openBatchOf(rulesOf[i].area).header != 0) escrow.abandonBatch(rulesOf[i].area);
        }
        complete = true;
        for (uint256 i = 0; i < places.length; ++i) {
            if (owed[i] != 0) escrow.claim(places[i].seat);
            if (token.balanceOf(address(uint160(0x1000 + i))) < owed[i]) complete = false;
        }
    }
}
