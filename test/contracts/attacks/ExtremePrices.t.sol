// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {IEscrow, Batch, Mandate, AreaRules, Reading} from "../../../contracts/src/IEscrow.sol";

/// The ends of every range, and prices below zero.
contract ExtremePricesTest is Street {
    uint32 internal constant END = START + DAY;

    /// A seat with this mandate's prices, in an area of very loose rules.
    function _seat(uint256 number, uint256 tokens, int24 floor, int24 ceiling) private returns (Home memory home) {
        home = _home(number);
        vm.warp(START - INTERVAL + 10);
        Mandate memory mandate = _mandate(home);
        mandate.rules = hashes.hash(_loose());
        (mandate.sellFloor, mandate.buyCeiling) = (floor, ceiling);
        (mandate.maxSellWh, mandate.maxBuyWh) = (type(uint24).max, type(uint24).max);
        home.seat = _open(home, mandate, START, _epoch(home));
        if (tokens != 0) _fund(home, tokens);
        _rebase(home, START, 0, 0);
    }

    function _loose() private view returns (AreaRules memory loose) {
        loose = _rules(2);
        (loose.maxBandTicks, loose.maxGridPerKwh, loose.confirmation) = (type(uint32).max, type(uint32).max, 0);
    }

    function _openLoose() private {
        vm.warp(START - INTERVAL + 10);
        AreaRules memory loose = _loose();
        vm.prank(grid);
        escrow.openArea(loose, operator);
    }

    function _wide() private pure returns (Batch memory batch) {
        batch = _batch(START, END);
        (batch.area, batch.bandLow, batch.bandHigh) = (2, type(int24).min, type(int24).max);
    }

    function test_negative_prices_pay_the_buyer() public {
        _openLoose();
        Home memory seller = _seat(1, 10_000_000, -2000, 0);
        Home memory buyer = _seat(2, 0, 0, 0);
        vm.warp(END);
        _settle(_wide(), abi.encodePacked(_entry(seller, END, _sell(100, -1000)), _entry(buyer, END, _buy(100, -900))));
        vm.assertEq(escrow.balanceOf(seller.seat), TEN - 100_000);
        vm.assertEq(escrow.balanceOf(buyer.seat), 90_000);
        vm.assertEq(escrow.gridBalance(2), 10_000);
    }

    function test_a_seller_at_a_negative_price_must_be_able_to_pay() public {
        _openLoose();
        Home memory seller = _seat(1, 0, -2000, 0);
        Home memory buyer = _seat(2, 0, 0, 0);
        vm.warp(END);
        bytes memory entries = abi.encodePacked(_entry(seller, END, _sell(1, -1)), _entry(buyer, END, _buy(1, -1)));
        _expectSettleRevert(_wide(), entries, abi.encodeWithSelector(IEscrow.Insolvent.selector, seller.seat));
    }

    function test_the_extremes_of_price_energy_and_money_are_exact() public {
        _openLoose();
        // The largest money an entry can say, at the highest price.
        uint32 energy = uint32(uint48(type(int48).max) / uint24(type(int24).max));
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
        uint32 energy = uint32(uint48(type(int48).max) / (1 << 23));
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
        _openLoose();
        Home memory seller = _seat(1, 1e15, floor, 0);
        Home memory buyer = _seat(2, 1e15, 0, ceiling);
        vm.warp(END);
        bool legal = energy == 0 || (price >= floor && price <= ceiling);
        bytes memory entries =
            abi.encodePacked(_entry(seller, END, _sell(energy, price)), _entry(buyer, END, _buy(energy, price)));
        if (!legal) vm.expectPartialRevert(IEscrow.BeyondPrice.selector);
        vm.prank(operator);
        escrow.settle(_wide(), entries);
        vm.assertEq(escrow.balanceOf(seller.seat) + escrow.balanceOf(buyer.seat), uint256(2e16));
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
}
