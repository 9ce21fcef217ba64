// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {IEscrow, EpochStart} from "../../../contracts/src/IEscrow.sol";

/// Energy that was not metered in the batch's own intervals is never sold in it.
contract EnergyTest is Street {
    Home internal seller;
    Home internal buyer;
    uint32 internal constant END = START + DAY;

    function setUp() public override {
        super.setUp();
        seller = _ready(1, 0);
        buyer = _ready(2, 10_000_000);
    }

    function test_unsold_surplus_is_not_carried_over() public {
        vm.warp(END + DAY);
        // The seat had 9 kWh to sell on the first day and nobody settled it.
        _settle(_batch(START, END), "");
        bytes memory bought = abi.encodePacked(
            _entry(buyer, END + DAY, Trade(96, 0, 0, 0, 0, 0, 0)),
            _entryFrom(buyer, 1, 1_000_000, 2_000_000, END + DAY, _buy(9000, 1000))
        );
        bytes memory carried = abi.encodePacked(_entry(seller, END + DAY, _sell(9000, 1000)), bought);
        _expectSettleRevert(
            _batch(END, END + DAY),
            carried,
            abi.encodeWithSelector(IEscrow.BaseBeforeBatch.selector, seller.seat, START)
        );
        // An entry without energy moves the base up to the batch; what was exported before is gone.
        bytes memory honest = abi.encodePacked(
            _entry(seller, END + DAY, Trade(96, 9000, 0, 0, 0, 0, 0)),
            _entryFrom(seller, 1, 1_000_000, 2_009_000, END + DAY, Trade(0, 0, 0, 9000, 0, 0, 9_000_000)),
            bought
        );
        _expectSettleRevert(
            _batch(END, END + DAY), honest, abi.encodeWithSelector(IEscrow.BeyondRegister.selector, seller.seat)
        );
    }

    function test_a_stale_base_at_opening_sells_nothing_old() public {
        vm.warp(START - INTERVAL + 10);
        Home memory late = _home(3);
        EpochStart memory old = _epoch(late);
        (old.time, old.exportWh) = (START - 365 * DAY, 0);
        late.seat = _open(late, _mandate(late), START, old);
        _confirm(late, 10_000, START);
        vm.warp(END);
        bytes memory entries =
            abi.encodePacked(_entry(buyer, END, _buy(9000, 1000)), _entry(late, END, _sell(9000, 1000)));
        _expectSettleRevert(
            _batch(START, END), entries, abi.encodeWithSelector(IEscrow.BaseBeforeBatch.selector, late.seat, old.time)
        );
    }

    function test_nothing_is_sold_before_the_mandate_begins() public {
        vm.warp(START + 10);
        Home memory late = _home(3);
        _open(late);
        _confirm(late, 10_000, 0);
        _rebase(late, START, 0, 0);
        vm.warp(END);
        bytes memory entries = abi.encodePacked(_entry(buyer, END, _buy(9, 1000)), _entry(late, END, _sell(9, 1000)));
        _expectSettleRevert(
            _batch(START, END),
            entries,
            abi.encodeWithSelector(IEscrow.SpansChange.selector, late.seat, uint256(START + INTERVAL))
        );
    }

    function test_energy_in_a_gap_is_not_sold() public {
        // No measured reading between noon and two o'clock: the base jumps over the gap.
        vm.warp(END);
        Trade memory morning = _sell(100, 1000);
        morning.lag = 48;
        bytes memory entries = abi.encodePacked(
            _entry(seller, END, morning),
            _entryFrom(seller, 1, 1_000_000, 2_000_100, END, Trade(40, 70, 0, 0, 0, 0, 0)),
            _entryFrom(seller, 1, 1_000_000, 2_000_170, END, _sell(50, 1000)),
            _entry(buyer, END, _buy(150, 1000))
        );
        _settle(_batch(START, END), entries);
        vm.assertEq(escrow.balanceOf(seller.seat), 150_000);
        vm.assertEq(escrow.seatView(seller.seat).exportWh, 2_000_220);
    }

    function test_one_watt_hour_trades_exactly() public {
        vm.warp(END);
        _settle(
            _batch(START, END), abi.encodePacked(_entry(seller, END, _sell(1, 1001)), _entry(buyer, END, _buy(1, 1003)))
        );
        vm.assertEq(escrow.balanceOf(seller.seat), 1001);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 1003);
        vm.assertEq(escrow.gridBalance(1), 2);
    }
}
