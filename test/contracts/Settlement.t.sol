// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "./Pair.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {AreaRules} from "../../contracts/src/IAreas.sol";
import {Mandate, SeatView} from "../../contracts/src/ISeats.sol";
import {Batch, ISettlement} from "../../contracts/src/ISettlement.sol";

/// One batch in one part: what moves, and everything that is refused.
contract SettlementTest is Pair {
    function test_pays_the_seller_and_the_grid_operator() public {
        vm.expectEmit();
        emit ISettlement.BatchSettled(area, START, END, keccak256("statement"), 0, 4000, 5000, 500_000);
        _settle(_batch(START, END), _pair(_buy(5000, 1100), _sell(5000, 1000)));
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 5_500_000);
        vm.assertEq(escrow.balanceOf(seller.seat), 5_000_000);
        vm.assertEq(escrow.gridBalance(area), 500_000);
        vm.assertEq(escrow.settledUntil(area), END);
        SeatView memory seat = escrow.seatView(seller.seat);
        vm.assertEq(seat.time, END);
        vm.assertEq(seat.exportWh, 2_005_000);
        vm.assertEq(seat.importWh, 1_000_000);
    }

    function test_logs_the_words_of_the_calldata() public {
        Trade memory bought = _buy(5000, 1100);
        Trade memory sold = _sell(5000, 1000);
        bytes memory entries = _pair(bought, sold);
        Batch memory batch = _whole(_batch(START, END), entries);
        vm.prank(operator);
        vm.expectEmit();
        emit ISettlement.PartSettled(
            area, END, 0, 1, abi.encodePacked(_word(buyer.seat, bought), _word(seller.seat, sold))
        );
        escrow.settle(batch, entries, _unwatched());
    }

    function test_settles_an_empty_batch() public {
        _settle(_batch(START, END), "");
        vm.assertEq(escrow.settledUntil(area), END);
    }

    function test_one_seat_may_sell_and_buy_in_one_entry() public {
        Trade memory both = Trade(0, 6000, 3000, 5000, 2000, 2_200_000, 5_000_000);
        _settle(_batch(START, END), _pair(_buy(3000, 1100), both));
        vm.assertEq(escrow.balanceOf(seller.seat), 2_800_000);
        vm.assertEq(escrow.gridBalance(area), 500_000);
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
        Batch memory batch = _whole(_batch(START, END), entries);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotOperator.selector, grid));
        escrow.settle(batch, entries, _unwatched());
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
                abi.encodeWithSelector(ISettlement.BadBatchTimes.selector, wrong[i][0], wrong[i][1])
            );
        }
    }

    function test_an_interval_settles_once() public {
        _settle(_batch(START, END), "");
        _expectSettleRevert(
            _batch(START, END), "", abi.encodeWithSelector(ISettlement.BadBatchTimes.selector, START, END)
        );
        _expectSettleRevert(
            _batch(END - INTERVAL, END),
            "",
            abi.encodeWithSelector(ISettlement.BadBatchTimes.selector, END - INTERVAL, END)
        );
    }

    function test_refuses_entries_that_are_not_whole_or_not_ascending() public {
        bytes memory entries = _pair(_buy(1, 1100), _sell(1, 1000));
        _expectSettleRevert(
            _batch(START, END),
            abi.encodePacked(entries, uint8(0)),
            abi.encodeWithSelector(ISettlement.BadEntries.selector)
        );
        bytes memory swapped = abi.encodePacked(_entry(seller, END, _sell(1, 1000)), _entry(buyer, END, _buy(1, 1100)));
        _expectSettleRevert(_batch(START, END), swapped, abi.encodeWithSelector(ISettlement.BadEntries.selector));
    }

    function test_refuses_more_than_the_register_advanced() public {
        Trade memory sold = _sell(5000, 1000);
        sold.exportDelta = 4999;
        _refuse(_buy(5000, 1100), sold, ISettlement.BeyondRegister.selector, seller);
        Trade memory bought = _buy(5000, 1100);
        bought.importDelta = 4999;
        _refuse(bought, _sell(5000, 1000), ISettlement.BeyondRegister.selector, buyer);
    }

    function test_refuses_more_than_the_limit_per_interval() public {
        Trade memory sold = _sell(10_001, 1000);
        sold.lag = 95;
        _refuse(_buy(10_001, 1100), sold, ISettlement.BeyondLimit.selector, seller);
        Trade memory bought = _buy(10_001, 1100);
        bought.lag = 95;
        _refuse(bought, _sell(10_001, 1000), ISettlement.BeyondLimit.selector, buyer);
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
        vm.warp(END);
        Trade memory sold = _sell(401, 1000);
        sold.lag = 95;
        bytes memory entries = abi.encodePacked(_entry(buyer, END, _buy(401, 1100)), _entry(small, END, sold));
        _expectSettleRevert(
            _batch(START, END), entries, abi.encodeWithSelector(ISettlement.BeyondLimit.selector, small.seat)
        );
    }

    function test_an_unconfirmed_meter_neither_buys_nor_sells() public {
        vm.warp(START - INTERVAL + 10);
        Home memory stranger = _home(3);
        _open(stranger);
        _fund(stranger, 1_000_000);
        vm.warp(END);
        bytes memory sale = abi.encodePacked(_entry(buyer, END, _buy(1, 1100)), _entry(stranger, END, _sell(1, 1000)));
        _expectSettleRevert(
            _batch(START, END), sale, abi.encodeWithSelector(ISettlement.BeyondLimit.selector, stranger.seat)
        );
        bytes memory purchase =
            abi.encodePacked(_entry(seller, END, _sell(1, 1000)), _entry(stranger, END, _buy(1, 1100)));
        _expectSettleRevert(
            _batch(START, END), purchase, abi.encodeWithSelector(ISettlement.BeyondLimit.selector, stranger.seat)
        );
    }

    function test_where_sellers_must_be_confirmed_others_buy() public {
        vm.warp(START - INTERVAL + 10);
        AreaRules memory sellers = _rules(2);
        sellers.confirmation = 1;
        sellers = _openArea(sellers);
        Home memory stranger = _home(3);
        Mandate memory mandate = _mandate(stranger);
        mandate.rules = hashes.hash(sellers);
        stranger.seat = _open(stranger, mandate, START, _epoch(stranger));
        Batch memory batch = _batch(START, END);
        batch.area = sellers.area;
        vm.warp(END);
        _settle(batch, _entry(stranger, END, Trade(0, 0, 0, 0, 0, 0, 0)));
        SeatView memory view_ = escrow.seatView(stranger.seat);
        vm.assertEq(view_.maxSellWh, 0);
        vm.assertEq(view_.maxBuyWh, 10_000);
    }

    function test_refuses_prices_outside_the_mandate() public {
        _refuse(_buy(5000, 4001), _sell(5000, 4000), ISettlement.BeyondPrice.selector, buyer);
        _refuse(_buy(5000, 500), _sell(5000, 499), ISettlement.BeyondPrice.selector, seller);
        Trade memory bought = _buy(5000, 4000);
        bought.paid += 1;
        _refuse(bought, _sell(5000, 4000), ISettlement.BeyondPrice.selector, buyer);
        Trade memory sold = _sell(5000, 500);
        sold.received -= 1;
        _refuse(_buy(5000, 500), sold, ISettlement.BeyondPrice.selector, seller);
        _settle(_batch(START, END), _pair(_buy(5000, 500), _sell(5000, 500)));
    }

    function test_energy_must_balance() public {
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(100, 1100), _sell(99, 1000)),
            abi.encodeWithSelector(ISettlement.EnergyNotBalanced.selector, 99, 100)
        );
    }

    function test_refuses_a_reading_outside_the_batch() public {
        Trade memory late = _sell(10, 1000);
        late.lag = 97;
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(10, 1100), late),
            abi.encodeWithSelector(ISettlement.BadReadingTime.selector, seller.seat, START - INTERVAL)
        );
        late.lag = 96;
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(10, 1100), late),
            abi.encodeWithSelector(ISettlement.BadReadingTime.selector, seller.seat, START)
        );
    }

    function test_refuses_an_expired_mandate() public {
        Home memory guest = _home(4);
        vm.warp(START - INTERVAL + 10);
        Mandate memory mandate = _mandate(guest);
        mandate.validUntil = START + DAY;
        guest.seat = _open(guest, mandate, START, _epoch(guest));
        _confirm(guest, 10_000, START);
        vm.warp(END + DAY);
        // Until midnight it counts, and after midnight the base moves without trading.
        Trade memory sold = _sell(10, 1000);
        bytes memory entries = abi.encodePacked(_entry(buyer, END, _buy(10, 1100)), _entry(guest, END, sold));
        _settle(_batch(START, END), entries);
        entries = abi.encodePacked(_entry(buyer, END + DAY, _buy(10, 1100)), _entry(guest, END + DAY, sold));
        _expectSettleRevert(
            _batch(END, END + DAY), entries, abi.encodeWithSelector(ISettlement.MandateExpired.selector, guest.seat)
        );
        _settle(_batch(END, END + DAY), _entry(guest, END + DAY, Trade(0, 10, 0, 0, 0, 0, 0)));
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
        batch = _whole(batch, entries);
        vm.prank(operator);
        if (!legal) vm.expectRevert();
        escrow.settle(batch, entries, _unwatched());
        if (!legal) return;
        vm.assertEq(
            escrow.balanceOf(buyer.seat) + escrow.balanceOf(seller.seat) + escrow.gridBalance(area), uint256(TEN)
        );
    }
}
