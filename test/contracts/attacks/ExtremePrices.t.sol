// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {AreaRules} from "../../../contracts/src/IAreas.sol";
import {Mandate} from "../../../contracts/src/ISeats.sol";
import {Batch, ISettlement} from "../../../contracts/src/ISettlement.sol";

/// The ends of every range, and prices below zero.
contract ExtremePricesTest is Street {
    uint32 internal constant END = START + DAY;
    /// The largest money that an entry can say, in 46 bits.
    int48 internal constant MOST = 2 ** 45 - 1;
    uint32 internal looseArea;

    /// A seat with this mandate's prices, in an area of very loose rules.
    function _seat(uint256 number, uint256 tokens, int24 floor, int24 ceiling) private returns (Home memory home) {
        home = _home(number);
        vm.warp(START - INTERVAL + 10);
        Mandate memory mandate = _mandate(home);
        mandate.rules = hashes.hash(_numbered(_loose()));
        (mandate.sellFloor, mandate.buyCeiling) = (floor, ceiling);
        (mandate.maxSellWh, mandate.maxBuyWh) = (type(uint24).max, type(uint24).max);
        home.seat = _open(home, mandate, START, _epoch(home));
        if (tokens != 0) _fund(home, tokens);
    }

    function _loose() private view returns (AreaRules memory loose) {
        loose = _rules(2);
        (loose.maxBandTicks, loose.maxGridPerKwh, loose.confirmation) = (type(uint32).max, type(uint32).max, 0);
    }

    function _openLoose() private {
        vm.warp(START - INTERVAL + 10);
        looseArea = _openArea(_loose()).area;
    }

    function _wide() private view returns (Batch memory batch) {
        batch = _batch(START, END);
        (batch.area, batch.bandLow, batch.bandHigh) = (looseArea, type(int24).min, type(int24).max);
    }

    function test_negative_prices_pay_the_buyer() public {
        _openLoose();
        Home memory seller = _seat(1, 10_000_000, -2000, 0);
        Home memory buyer = _seat(2, 0, 0, 0);
        vm.warp(END);
        _settle(_wide(), abi.encodePacked(_entry(seller, END, _sell(100, -1000)), _entry(buyer, END, _buy(100, -900))));
        vm.assertEq(escrow.balanceOf(seller.seat), TEN - 100_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), 90_000);
        vm.assertEq(escrow.gridBalance(looseArea), 10_000);
    }

    function test_a_seller_at_a_negative_price_must_be_able_to_pay() public {
        _openLoose();
        Home memory seller = _seat(1, 0, -2000, 0);
        Home memory buyer = _seat(2, 0, 0, 0);
        vm.warp(END);
        bytes memory entries = abi.encodePacked(_entry(seller, END, _sell(1, -1)), _entry(buyer, END, _buy(1, -1)));
        _expectSettleRevert(_wide(), entries, abi.encodeWithSelector(ISettlement.Insolvent.selector, seller.seat));
    }

    function test_the_extremes_of_price_energy_and_money_are_exact() public {
        _openLoose();
        uint32 energy = uint32(uint48(MOST) / uint24(type(int24).max));
        Home memory seller = _seat(1, 0, type(int24).min, type(int24).max);
        Home memory buyer = _seat(2, 1e15, type(int24).min, type(int24).max);
        vm.warp(END);
        int48 money = int48(int256(type(int24).max) * int256(uint256(energy)));
        Trade memory sold = Trade(0, type(uint32).max, 0, energy, 0, 0, money);
        Trade memory bought = Trade(0, 0, type(uint32).max, 0, energy, money, 0);
        bytes memory entries = abi.encodePacked(_entry(seller, END, sold), _entry(buyer, END, bought));
        _settle(_wide(), entries);
        vm.assertEq(escrow.balanceOf(seller.seat), uint256(uint48(money)));
        vm.assertEq(escrow.balanceOf(buyer.seat), 1e16 - uint256(uint48(money)));
    }

    function test_the_lowest_prices_are_exact() public {
        _openLoose();
        uint32 energy = uint32(uint48(MOST) / (1 << 23));
        Home memory seller = _seat(1, 1e15, type(int24).min, type(int24).max);
        Home memory buyer = _seat(2, 0, type(int24).min, type(int24).min);
        vm.warp(END);
        int48 money = int48(int256(type(int24).min) * int256(uint256(energy)));
        Trade memory sold = Trade(0, type(uint32).max, 0, energy, 0, 0, money);
        Trade memory bought = Trade(0, 0, type(uint32).max, 0, energy, money, 0);
        _settle(_wide(), abi.encodePacked(_entry(seller, END, sold), _entry(buyer, END, bought)));
        vm.assertEq(escrow.balanceOf(buyer.seat), uint256(int256(-money)));
    }

    /// Floors and bands over the whole range of numbers: never a panic, and money always adds up.
    function testFuzz_any_numbers_are_settled_or_refused(int24 price, uint24 energy, int24 floor, int24 ceiling)
        public
    {
        // More does not fit into 46 bits of money at the highest price.
        energy %= 1 << 22;
        _openLoose();
        Home memory seller = _seat(1, 1e15, floor, 0);
        Home memory buyer = _seat(2, 1e15, 0, ceiling);
        vm.warp(END);
        bool legal = energy == 0 || (price >= floor && price <= ceiling);
        bytes memory entries =
            abi.encodePacked(_entry(seller, END, _sell(energy, price)), _entry(buyer, END, _buy(energy, price)));
        Batch memory batch = _whole(_wide(), entries);
        if (!legal) vm.expectPartialRevert(ISettlement.BeyondPrice.selector);
        vm.prank(operator);
        escrow.settle(batch, entries, _unwatched());
        vm.assertEq(escrow.balanceOf(seller.seat) + escrow.balanceOf(buyer.seat), uint256(2e16));
    }

    function test_registers_end_at_48_bits() public {
        Home memory giant = _home(5);
        vm.warp(START - INTERVAL + 10);
        giant.seat = _open(giant, _mandate(giant), START, _epoch(giant, 1, START, type(uint48).max, type(uint48).max));
        vm.warp(END);
        bytes memory entry = abi.encodePacked(_word(giant.seat, Trade(0, 1, 0, 0, 0, 0, 0)), bytes32(0), bytes32(0));
        _expectSettleRevert(
            _batch(START, END), entry, abi.encodeWithSelector(ISettlement.BeyondRegister.selector, giant.seat)
        );
    }
}
