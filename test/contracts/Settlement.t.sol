// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {IEscrow, Batch, SeatView, Mandate, Reading} from "../../contracts/src/IEscrow.sol";

/// One batch in one part: what moves, and everything that is refused.
contract SettlementTest is Street {
    Home internal seller;
    Home internal buyer;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        buyer = _ready(2, 10_000_000);
        // Numbers count from 1 in the order of opening: the buyer is 1, the seller 2.
        seller = _ready(1, 0);
        vm.warp(END);
    }

    function _pair(Trade memory bought, Trade memory sold) private view returns (bytes memory) {
        return abi.encodePacked(_entry(buyer, END, bought), _entry(seller, END, sold));
    }

    function _refuse(Trade memory bought, Trade memory sold, bytes4 reason, Home storage home) private {
        _expectSettleRevert(_batch(START, END), _pair(bought, sold), abi.encodeWithSelector(reason, home.seat));
    }

    function test_pays_the_seller_and_the_grid_operator() public {
        vm.expectEmit();
        emit IEscrow.BatchSettled(1, START, END, keccak256("statement"), 0, 4000, 5000, 500_000);
        _settle(_batch(START, END), _pair(_buy(5000, 1100), _sell(5000, 1000)));
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_500_000);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
        vm.assertEq(escrow.gridBalance(1), 500_000);
        vm.assertEq(escrow.settledUntil(1), END);
        SeatView memory seat = escrow.seatView(seller.seat);
        vm.assertEq(seat.time, END);
        vm.assertEq(seat.exportWh, 2_005_000);
        vm.assertEq(seat.importWh, 1_000_000);
    }

    function test_logs_the_words_of_the_calldata() public {
        Trade memory bought = _buy(5000, 1100);
        Trade memory sold = _sell(5000, 1000);
        bytes memory entries = _pair(bought, sold);
        vm.expectEmit();
        emit IEscrow.PartSettled(1, END, 0, 1, abi.encodePacked(_word(buyer.seat, bought), _word(seller.seat, sold)));
        _settle(_batch(START, END), entries);
    }

    function test_settles_an_empty_batch() public {
        _settle(_batch(START, END), "");
        vm.assertEq(escrow.settledUntil(1), END);
    }

    function test_one_seat_may_sell_and_buy_in_one_entry() public {
        Trade memory both = Trade(0, 6000, 3000, 5000, 2000, 2_200_000, 5_000_000);
        _settle(_batch(START, END), _pair(_buy(3000, 1100), both));
        vm.assertEq(escrow.balanceOf(seller.seat), 2_800_000);
        vm.assertEq(escrow.gridBalance(1), 500_000);
    }

    function test_an_entry_may_end_before_the_batch() public {
        Trade memory early = _sell(100, 1000);
        early.lag = 95;
        _settle(_batch(START, END), _pair(_buy(100, 1100), early));
        vm.assertEq(escrow.seatView(seller.seat).time, START + INTERVAL);
    }

    function test_a_seat_may_have_several_entries() public {
        Trade memory morning = _sell(100, 1000);
        morning.lag = 48;
        Trade memory evening = _sell(50, 1000);
        bytes memory first = _entry(seller, END, morning);
        bytes memory second = _entryFrom(seller, 1, 1_000_000, 2_000_100, END, evening);
        _settle(_batch(START, END), abi.encodePacked(_entry(buyer, END, _buy(150, 1100)), first, second));
        vm.assertEq(escrow.balanceOf(seller.seat), 150_000);
    }

    function test_only_the_operator_settles() public {
        bytes memory entries = _pair(_buy(1, 1100), _sell(1, 1000));
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.NotOperator.selector, grid));
        escrow.settle(_batch(START, END), entries);
    }

    function test_refuses_times_out_of_order() public {
        uint32[2][6] memory wrong = [
            [END, START],
            [START, START],
            [START + 1, END],
            [START, END - 1],
            [START, END + INTERVAL],
            [START - INTERVAL, END]
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _expectSettleRevert(
                _batch(wrong[i][0], wrong[i][1]),
                "",
                abi.encodeWithSelector(IEscrow.BadBatchTimes.selector, wrong[i][0], wrong[i][1])
            );
        }
    }

    function test_an_interval_settles_once() public {
        _settle(_batch(START, END), "");
        _expectSettleRevert(_batch(START, END), "", abi.encodeWithSelector(IEscrow.BadBatchTimes.selector, START, END));
        _expectSettleRevert(
            _batch(END - INTERVAL, END), "", abi.encodeWithSelector(IEscrow.BadBatchTimes.selector, END - INTERVAL, END)
        );
    }

    function test_refuses_a_band_upside_down_or_too_wide() public {
        Batch memory batch = _batch(START, END);
        (batch.bandLow, batch.bandHigh) = (1, 0);
        _expectSettleRevert(batch, "", abi.encodeWithSelector(IEscrow.BadBand.selector, int24(1), int24(0)));
        (batch.bandLow, batch.bandHigh) = (-1, 5000);
        _expectSettleRevert(batch, "", abi.encodeWithSelector(IEscrow.BadBand.selector, int24(-1), int24(5000)));
        (batch.bandLow, batch.bandHigh) = (0, 5000);
        _settle(batch, "");
    }

    function test_refuses_entries_that_are_not_whole_or_not_ascending() public {
        bytes memory entries = _pair(_buy(1, 1100), _sell(1, 1000));
        _expectSettleRevert(
            _batch(START, END), abi.encodePacked(entries, uint8(0)), abi.encodeWithSelector(IEscrow.BadEntries.selector)
        );
        bytes memory swapped = abi.encodePacked(_entry(seller, END, _sell(1, 1000)), _entry(buyer, END, _buy(1, 1100)));
        _expectSettleRevert(_batch(START, END), swapped, abi.encodeWithSelector(IEscrow.BadEntries.selector));
    }

    function test_refuses_more_than_the_register_advanced() public {
        Trade memory sold = _sell(5000, 1000);
        sold.exportDelta = 4999;
        _refuse(_buy(5000, 1100), sold, IEscrow.BeyondRegister.selector, seller);
        Trade memory bought = _buy(5000, 1100);
        bought.importDelta = 4999;
        _refuse(bought, _sell(5000, 1000), IEscrow.BeyondRegister.selector, buyer);
    }

    function test_refuses_more_than_the_limit_per_interval() public {
        Trade memory sold = _sell(10_001, 1000);
        sold.lag = 95;
        _refuse(_buy(10_001, 1100), sold, IEscrow.BeyondLimit.selector, seller);
        Trade memory bought = _buy(10_001, 1100);
        bought.lag = 95;
        _refuse(bought, _sell(10_001, 1000), IEscrow.BeyondLimit.selector, buyer);
        sold = _sell(20_000, 1000);
        sold.lag = 94;
        bought = _buy(20_000, 1100);
        bought.lag = 94;
        _settle(_batch(START, END), _pair(bought, sold));
    }

    function test_the_nameplate_caps_what_is_sold() public {
        vm.warp(START - INTERVAL + 10);
        Home memory small = _home(3);
        _open(small);
        _confirm(small, 400, START);
        _rebase(small, START, 0, 0);
        vm.warp(END);
        Trade memory sold = _sell(401, 1000);
        sold.lag = 95;
        bytes memory entries = abi.encodePacked(_entry(buyer, END, _buy(401, 1100)), _entry(small, END, sold));
        _expectSettleRevert(
            _batch(START, END), entries, abi.encodeWithSelector(IEscrow.BeyondLimit.selector, small.seat)
        );
    }

    function test_an_unconfirmed_meter_buys_and_does_not_sell() public {
        vm.warp(START - INTERVAL + 10);
        Home memory stranger = _home(3);
        _open(stranger);
        _fund(stranger, 1_000_000);
        _rebase(stranger, START, 0, 0);
        vm.warp(END);
        bytes memory sale = abi.encodePacked(_entry(buyer, END, _buy(1, 1100)), _entry(stranger, END, _sell(1, 1000)));
        _expectSettleRevert(
            _batch(START, END), sale, abi.encodeWithSelector(IEscrow.BeyondLimit.selector, stranger.seat)
        );
        _settle(
            _batch(START, END),
            abi.encodePacked(_entry(seller, END, _sell(1, 1000)), _entry(stranger, END, _buy(1, 1100)))
        );
    }

    function test_refuses_prices_outside_the_mandate() public {
        _refuse(_buy(5000, 4001), _sell(5000, 4000), IEscrow.BeyondPrice.selector, buyer);
        _refuse(_buy(5000, 500), _sell(5000, 499), IEscrow.BeyondPrice.selector, seller);
        Trade memory bought = _buy(5000, 4000);
        bought.paid += 1;
        _refuse(bought, _sell(5000, 4000), IEscrow.BeyondPrice.selector, buyer);
        Trade memory sold = _sell(5000, 500);
        sold.received -= 1;
        _refuse(_buy(5000, 500), sold, IEscrow.BeyondPrice.selector, seller);
        _settle(_batch(START, END), _pair(_buy(5000, 500), _sell(5000, 500)));
    }

    function test_refuses_average_prices_outside_the_band() public {
        Batch memory batch = _batch(START, END);
        (batch.bandLow, batch.bandHigh) = (900, 1100);
        Trade[4] memory bad = [_buy(10, 1101), _buy(10, 899), _sell(10, 1101), _sell(10, 899)];
        for (uint256 i = 0; i < 4; ++i) {
            bool buys = bad[i].bought != 0;
            bytes memory entries = _pair(buys ? bad[i] : _buy(10, 1100), buys ? _sell(10, 900) : bad[i]);
            _expectSettleRevert(
                batch, entries, abi.encodeWithSelector(IEscrow.OutsideBand.selector, buys ? buyer.seat : seller.seat)
            );
        }
        _settle(batch, _pair(_buy(10, 1100), _sell(10, 1100)));
    }

    function test_no_money_without_energy() public {
        Trade memory free = Trade(0, 10, 10, 0, 0, 1, 0);
        _refuse(_buy(10, 1100), free, IEscrow.OutsideBand.selector, seller);
        free = Trade(0, 10, 10, 10, 0, 1, 10_000);
        _refuse(_buy(10, 1100), free, IEscrow.OutsideBand.selector, seller);
        free = Trade(0, 10, 10, 0, 10, 10_000, -1);
        _refuse(free, _sell(10, 1000), IEscrow.OutsideBand.selector, buyer);
    }

    function test_refuses_a_seat_that_cannot_pay() public {
        // 10 tokens buy 25 kWh at 4000 ticks, and not one Wh more.
        _refuse(_buy(25_001, 4000), _sell(25_001, 4000), IEscrow.Insolvent.selector, buyer);
        _settle(_batch(START, END), _pair(_buy(25_000, 4000), _sell(25_000, 4000)));
        vm.assertEq(escrow.balanceOf(buyer.seat), 0);
    }

    function test_energy_must_balance() public {
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(100, 1100), _sell(99, 1000)),
            abi.encodeWithSelector(IEscrow.EnergyNotBalanced.selector, 99, 100)
        );
    }

    function test_the_grid_takes_nothing_negative_and_at_most_its_cap() public {
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(100, 999), _sell(100, 1000)),
            abi.encodeWithSelector(IEscrow.GridTakeOutOfRange.selector, int256(-100))
        );
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(100, 2001), _sell(100, 1000)),
            abi.encodeWithSelector(IEscrow.GridTakeOutOfRange.selector, int256(100_100))
        );
        _settle(_batch(START, END), _pair(_buy(100, 2000), _sell(100, 1000)));
    }

    function test_refuses_a_reading_outside_the_batch() public {
        Trade memory late = _sell(10, 1000);
        late.lag = 97;
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(10, 1100), late),
            abi.encodeWithSelector(IEscrow.BadReadingTime.selector, seller.seat, START - INTERVAL)
        );
        late.lag = 96;
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(10, 1100), late),
            abi.encodeWithSelector(IEscrow.BadReadingTime.selector, seller.seat, START)
        );
    }

    function test_refuses_an_expired_mandate() public {
        Home memory guest = _home(4);
        vm.warp(START - INTERVAL + 10);
        Mandate memory mandate = _mandate(guest);
        mandate.validUntil = START + DAY;
        guest.seat = _open(guest, mandate, START, _epoch(guest));
        _confirm(guest, 10_000, START);
        _rebase(guest, START, 0, 0);
        vm.warp(END + DAY);
        // Until midnight it counts, and after midnight the base moves without trading.
        Trade memory sold = _sell(10, 1000);
        bytes memory entries = abi.encodePacked(_entry(buyer, END, _buy(10, 1100)), _entry(guest, END, sold));
        _settle(_batch(START, END), entries);
        entries = abi.encodePacked(_entry(buyer, END + DAY, _buy(10, 1100)), _entry(guest, END + DAY, sold));
        _expectSettleRevert(
            _batch(END, END + DAY), entries, abi.encodeWithSelector(IEscrow.MandateExpired.selector, guest.seat)
        );
        _settle(_batch(END, END + DAY), _entry(guest, END + DAY, Trade(0, 10, 0, 0, 0, 0, 0)));
    }

    function test_registers_end_at_48_bits() public {
        Home memory giant = _home(5);
        vm.warp(START - INTERVAL + 10);
        _open(giant);
        Reading memory top = Reading(giant.meter, 1, START, type(uint48).max, type(uint48).max, 0);
        bytes memory signature = _sign(giant.meterKey, hashes.hash(top));
        vm.warp(END);
        vm.prank(operator);
        escrow.rebase(giant.seat, top, signature);
        bytes memory entry = abi.encodePacked(_word(giant.seat, Trade(0, 1, 0, 0, 0, 0, 0)), bytes32(0), bytes32(0));
        _expectSettleRevert(
            _batch(START, END), entry, abi.encodeWithSelector(IEscrow.BeyondRegister.selector, giant.seat)
        );
    }

    /// Any entry that goes through keeps both promises, whatever the numbers.
    function testFuzz_no_entry_leaves_the_mandate(uint16 energy, int24 paidPrice, int24 receivedPrice, uint16 advanced)
        public
    {
        // Near enough to the mandate that many go through.
        (paidPrice, receivedPrice) = (paidPrice % 5000, receivedPrice % 5000);
        Trade memory bought = _buy(energy, paidPrice);
        Trade memory sold = _sell(energy, receivedPrice);
        sold.exportDelta = advanced;
        Batch memory batch = _batch(START, END);
        bytes memory entries = _pair(bought, sold);
        bool legal = energy == 0
            ? true
            : energy <= advanced && paidPrice <= 4000 && receivedPrice >= 500 && paidPrice >= receivedPrice
                && int256(paidPrice) - receivedPrice <= 1000 && uint256(uint24(paidPrice)) * energy <= TEN;
        vm.prank(operator);
        if (!legal) vm.expectRevert();
        escrow.settle(batch, entries);
        if (!legal) return;
        vm.assertEq(escrow.balanceOf(buyer.seat) + escrow.balanceOf(seller.seat) + escrow.gridBalance(1), uint256(TEN));
    }
}
