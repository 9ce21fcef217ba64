// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {ISettlement} from "../../../contracts/src/ISettlement.sol";

/// The most that operator, grid operator and all other meters together can take from a household in a day, against its supplier:
/// what `docs/settlement.md` computes is settled, and not a tick more.
contract WorstCaseTest is Pair {
    uint32 internal constant EXPORT_WH = 20_000;
    uint32 internal constant IMPORT_WH = 8000;
    /// In ticks of 0.0001 token per kWh: the household's own limits, and what its supplier pays and asks.
    int24 internal constant FLOOR = 500;
    int24 internal constant CEILING = 4000;
    int256 internal constant FEED_IN = 800;
    int256 internal constant RETAIL = 3000;

    /// The household's day: all its energy at its worst prices, or a little worse.
    function _day(int24 floor, int24 ceiling) private pure returns (Trade memory) {
        return Trade(
            0,
            EXPORT_WH,
            IMPORT_WH,
            EXPORT_WH,
            IMPORT_WH,
            int48(int256(ceiling) * int32(IMPORT_WH)),
            int48(int256(floor) * int32(EXPORT_WH))
        );
    }

    /// The crony is the other side of both trades.
    function _crony(int24 pays, int24 asks) private pure returns (Trade memory) {
        return Trade(
            0,
            IMPORT_WH,
            EXPORT_WH,
            IMPORT_WH,
            EXPORT_WH,
            int48(int256(pays) * int32(EXPORT_WH)),
            int48(int256(asks) * int32(IMPORT_WH))
        );
    }

    function test_all_energy_at_the_limits_and_nothing_beyond() public {
        _fund(seller, 10_000_000);
        _refuse(_crony(FLOOR, CEILING), _day(FLOOR - 1, CEILING), ISettlement.BeyondPrice.selector, seller);
        _refuse(_crony(FLOOR, CEILING), _day(FLOOR, CEILING + 1), ISettlement.BeyondPrice.selector, seller);
        Trade memory more = _day(FLOOR, CEILING);
        more.sold += 1;
        _refuse(_crony(FLOOR, CEILING), more, ISettlement.BeyondRegister.selector, seller);
        more = _day(FLOOR, CEILING);
        more.bought += 1;
        _refuse(_crony(FLOOR, CEILING), more, ISettlement.BeyondRegister.selector, seller);
        int256 before = int256(uint256(escrow.balanceOf(seller.seat)));
        _settle(_batch(START, END), _pair(_crony(FLOOR, CEILING), _day(FLOOR, CEILING)));
        int256 net = int256(uint256(escrow.balanceOf(seller.seat))) - before;
        int256 withSupplier = FEED_IN * int32(EXPORT_WH) - RETAIL * int32(IMPORT_WH);
        // 0.60 + 0.80 = 1.40 tokens; a token is 10⁷ units.
        vm.assertEq(withSupplier - net, 6_000_000 + 8_000_000);
    }

    /// Nobody is charged for a day later than this: a day of trading and three of delay are four that can be at stake.
    function test_four_such_days_can_be_at_stake() public {
        _fund(seller, 10_000_000);
        uint32 last = START + DAY + DELAY;
        vm.assertEq(last - START, 4 * DAY);
        vm.warp(last + 1);
        bytes memory reason = abi.encodeWithSelector(ISettlement.BatchTooOld.selector, last);
        _expectSettleRevert(_batch(START, END), _pair(_crony(FLOOR, CEILING), _day(FLOOR, CEILING)), reason);
        vm.warp(last);
        _settle(_batch(START, END), _pair(_crony(FLOOR, CEILING), _day(FLOOR, CEILING)));
    }
}
