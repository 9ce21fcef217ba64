// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {Reading} from "../../../contracts/src/IMeters.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// Energy that no measured reading bounds is sold: from a gap, or estimated.
contract UnmeasuredEnergyTest is Pair {
    function test_energy_in_a_gap_is_not_sold() public {
        // No measured reading between noon and two o'clock: the base jumps over the gap.
        vm.warp(END);
        Trade memory morning = _sell(100, 1000);
        morning.lag = 48;
        bytes memory entries = abi.encodePacked(
            _entry(buyer, END, _buy(150, 1000)),
            _entry(seller, END, morning),
            _entryFrom(seller, 1, 1_000_000, 2_000_100, END, Trade(40, 70, 0, 0, 0, 0, 0)),
            _entryFrom(seller, 1, 1_000_000, 2_000_170, END, _sell(50, 1000))
        );
        _settle(_batch(START, END), entries);
        vm.assertEq(escrow.balanceOf(seller.seat), 150_000);
        vm.assertEq(escrow.seatView(seller.seat).exportWh, 2_000_220);
    }

    function test_an_estimated_reading_does_not_settle() public {
        Reading memory estimated = _reading(seller, END, 0, 0);
        estimated.quality = 1;
        (bytes32 r, bytes32 vs) = _compact(seller.meterKey, _digest(hashes.hash(estimated)));
        _expectSettleRevert(
            _batch(START, END),
            abi.encodePacked(_word(seller.seat, Trade(0, 0, 0, 0, 0, 0, 0)), r, vs),
            abi.encodeWithSelector(ISettlement.BadReadingSignature.selector, seller.seat)
        );
    }
}
