// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// Entries that nobody signed: of a seat that does not exist yet, and money that no energy stands for.
contract UnsignedBaseTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
        vm.warp(START + DAY);
    }

    /// Its meter would be the zero address, which is also what a malformed signature recovers to.
    function test_a_seat_that_is_not_open_takes_no_base() public {
        bytes memory entry = abi.encodePacked(_word(_seatId(2), Trade(0, 5, 5, 0, 0, 0, 0)), bytes32(0), bytes32(0));
        _expectSettleRevert(
            _batch(START, START + DAY), entry, abi.encodeWithSelector(ICommon.SeatUnknown.selector, _seatId(2))
        );
    }

    /// Paid x and received −x add up to nothing for the seat, and to 2x for the grid operator.
    function test_amounts_that_cancel_are_amounts() public {
        Trade memory forged = Trade(0, 5, 5, 0, 0, 100, -100);
        _expectSettleRevert(
            _batch(START, START + DAY),
            _entry(home, START + DAY, forged),
            abi.encodeWithSelector(ISettlement.OutsideBand.selector, home.seat)
        );
        forged = Trade(0, 5, 5, 0, 0, -100, 100);
        _expectSettleRevert(
            _batch(START, START + DAY),
            _entry(home, START + DAY, forged),
            abi.encodeWithSelector(ISettlement.OutsideBand.selector, home.seat)
        );
    }
}
