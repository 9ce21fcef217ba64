// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pair} from "../Pair.sol";
import {WideToken} from "../Tokens.sol";
import {IPurses} from "../../../contracts/src/IPurses.sol";

/// Fractions of a base unit, and the smallest trades: what is rounded stays in its purse, and nothing is lost.
contract RoundingTest is Pair {
    function test_one_watt_hour_trades_exactly() public {
        _settle(_batch(START, END), _pair(_buy(1, 1003), _sell(1, 1001)));
        vm.assertEq(escrow.balanceOf(seller.seat), 1001);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 1003);
        vm.assertEq(escrow.gridBalance(area), 2);
    }

    function test_a_claim_pays_whole_base_units_and_keeps_the_rest() public {
        _request(buyer, 25, address(7));
        vm.warp(END + DELAY);
        // Two and a half base units.
        escrow.claim(buyer.seat);
        vm.assertEq(token.balanceOf(address(7)), 2);
        vm.assertEq(escrow.balanceOf(buyer.seat), TEN - 20);
    }

    function test_a_claim_of_less_than_a_base_unit_keeps_the_request() public {
        _request(buyer, 9, address(7));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(IPurses.NothingToMove.selector);
        escrow.claim(buyer.seat);
        vm.assertEq(escrow.withdrawalOf(buyer.seat).amount, 9);
    }

    function testFuzz_no_unit_is_lost_in_any_decimals(uint8 decimals, uint96 tokens, uint80 asked) public {
        WideToken wide = new WideToken();
        wide.setDecimals(decimals % 25);
        uint256 scale = 100 * 10 ** uint256(decimals % 25);
        _switchTo(address(wide));
        wide.mint(address(this), tokens);
        wide.approve(address(escrow), tokens);
        uint256 exact = uint256(tokens) * 1e9 / scale;
        if (exact == 0 || exact > type(uint80).max) {
            vm.expectRevert();
            escrow.deposit(buyer.seat, tokens);
            return;
        }
        escrow.deposit(buyer.seat, tokens);
        vm.assertEq(escrow.balanceOf(buyer.seat), exact);
        vm.assertEq(wide.balanceOf(address(escrow)), (exact * scale + 1e9 - 1) / 1e9);
        uint256 paid = (asked < exact ? asked : exact) * scale / 1e9;
        if (paid == 0) return;
        _request(buyer, asked, address(7));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(buyer.seat);
        vm.assertEq(wide.balanceOf(address(7)), paid);
        // What is left in the purse is exactly what is left in the escrow.
        vm.assertEq(escrow.balanceOf(buyer.seat) * scale / 1e9, wide.balanceOf(address(escrow)));
    }

    function _switchTo(address other) private {
        vm.warp(START - INTERVAL + 10);
        escrow = _deploy(other, DELAY);
        _openHome();
        _open(buyer);
        buyer.seat = _seatId(1);
    }
}
