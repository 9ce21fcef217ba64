// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// The operator or the grid operator takes more than the rules allow, or pays somebody out of nothing.
contract GridFeeTest is Pair {
    function test_the_grid_takes_nothing_negative_and_at_most_its_cap() public {
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(100, 999), _sell(100, 1000)),
            abi.encodeWithSelector(ISettlement.GridTakeOutOfRange.selector, int256(-100))
        );
        _expectSettleRevert(
            _batch(START, END),
            _pair(_buy(100, 2001), _sell(100, 1000)),
            abi.encodeWithSelector(ISettlement.GridTakeOutOfRange.selector, int256(100_100))
        );
        _settle(_batch(START, END), _pair(_buy(100, 2000), _sell(100, 1000)));
    }
}
