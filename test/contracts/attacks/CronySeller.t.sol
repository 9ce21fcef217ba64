// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {Batch, ISettlement} from "../../../contracts/src/ISettlement.sol";

/// The operator pays a friend more than others, or for nothing.
contract CronySellerTest is Pair {
    /// A crony sells at the honest buyer's ceiling while others sell low: only as far as the published band is wide.
    function test_a_crony_stays_inside_the_band() public {
        Home memory buyer = _ready(11, 100_000_000);
        Home memory honest = _ready(12, 0);
        Home memory crony = _ready(13, 0);
        vm.warp(END);
        bytes memory entries = abi.encodePacked(
            _entry(buyer, END, Trade(0, 0, 2000, 0, 2000, 4_500_000, 0)),
            _entry(honest, END, _sell(1000, 500)),
            _entry(crony, END, _sell(1000, 4000))
        );
        Batch memory batch = _batch(START, END);
        (batch.bandLow, batch.bandHigh) = (500, 3000);
        _expectSettleRevert(batch, entries, abi.encodeWithSelector(ISettlement.OutsideBand.selector, crony.seat));
    }

    function test_refuses_average_prices_outside_the_band() public {
        Batch memory batch = _batch(START, END);
        (batch.bandLow, batch.bandHigh) = (900, 1100);
        Trade[4] memory bad = [_buy(10, 1101), _buy(10, 899), _sell(10, 1101), _sell(10, 899)];
        for (uint256 i = 0; i < 4; ++i) {
            bool buys = bad[i].bought != 0;
            bytes memory entries = _pair(buys ? bad[i] : _buy(10, 1100), buys ? _sell(10, 900) : bad[i]);
            _expectSettleRevert(
                batch,
                entries,
                abi.encodeWithSelector(ISettlement.OutsideBand.selector, buys ? buyer.seat : seller.seat)
            );
        }
        _settle(batch, _pair(_buy(10, 1100), _sell(10, 1100)));
    }

    function test_refuses_a_band_upside_down_or_too_wide() public {
        Batch memory batch = _batch(START, END);
        (batch.bandLow, batch.bandHigh) = (1, 0);
        _expectSettleRevert(batch, "", abi.encodeWithSelector(ISettlement.BadBand.selector, int24(1), int24(0)));
        (batch.bandLow, batch.bandHigh) = (-1, 5000);
        _expectSettleRevert(batch, "", abi.encodeWithSelector(ISettlement.BadBand.selector, int24(-1), int24(5000)));
        (batch.bandLow, batch.bandHigh) = (0, 5000);
        _settle(batch, "");
    }

    function test_no_money_without_energy() public {
        Trade memory free = Trade(0, 10, 10, 0, 0, 1, 0);
        _refuse(_buy(10, 1100), free, ISettlement.OutsideBand.selector, seller);
        free = Trade(0, 10, 10, 10, 0, 1, 10_000);
        _refuse(_buy(10, 1100), free, ISettlement.OutsideBand.selector, seller);
        free = Trade(0, 10, 10, 0, 10, 10_000, -1);
        _refuse(free, _sell(10, 1000), ISettlement.OutsideBand.selector, buyer);
    }
}
