// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// The operator keeps a batch back and charges it long after, when a supplier has billed the same energy.
contract OldBatchesTest is Street {
    Home internal seller;
    Home internal buyer;
    uint32 internal constant HOUR = START + 3600;
    /// Nothing of the batch that began at START is traded after this.
    uint32 internal constant LAST = START + DAY + DELAY;

    function setUp() public override {
        super.setUp();
        seller = _ready(1, 0);
        buyer = _ready(2, 10_000_000);
    }

    function _trades() private view returns (bytes memory) {
        return abi.encodePacked(_entry(seller, HOUR, _sell(10, 1000)), _entry(buyer, HOUR, _buy(10, 1100)));
    }

    function test_nobody_is_charged_later_than_a_batch_and_the_delay_after_its_start() public {
        bytes memory trades = _trades();
        vm.warp(LAST + 1);
        _expectSettleRevert(
            _batch(START, HOUR), trades, abi.encodeWithSelector(ISettlement.BatchTooOld.selector, uint256(LAST))
        );
        vm.warp(START + 300 * DAY);
        _expectSettleRevert(
            _batch(START, HOUR), trades, abi.encodeWithSelector(ISettlement.BatchTooOld.selector, uint256(LAST))
        );
        vm.warp(LAST);
        _settle(_batch(START, HOUR), trades);
    }

    /// A purchase alone is a trade, too: in the first of several parts there is nothing else.
    function test_a_part_with_one_side_alone_is_as_old() public {
        bytes memory buying = _entry(buyer, HOUR, _buy(10, 1100));
        bytes memory selling = _entry(seller, HOUR, _sell(10, 1000));
        vm.warp(LAST + 1);
        _expectSettleRevert(
            _inParts(_batch(START, HOUR), _two(buying, selling)),
            buying,
            abi.encodeWithSelector(ISettlement.BatchTooOld.selector, uint256(LAST))
        );
        _expectSettleRevert(
            _inParts(_batch(START, HOUR), _two(selling, buying)),
            selling,
            abi.encodeWithSelector(ISettlement.BatchTooOld.selector, uint256(LAST))
        );
    }

    /// Otherwise an area that stood still for long could never go on.
    function test_bases_move_at_any_time() public {
        Trade memory still = Trade(0, 10, 10, 0, 0, 0, 0);
        bytes memory moves = abi.encodePacked(_entry(seller, HOUR, still), _entry(buyer, HOUR, still));
        vm.warp(START + 300 * DAY);
        _settle(_batch(START, HOUR), moves);
        vm.assertEq(escrow.settledUntil(area), HOUR);
    }
}
