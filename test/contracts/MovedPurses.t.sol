// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {AreaRules} from "../../contracts/src/IAreas.sol";
import {Mandate} from "../../contracts/src/ISeats.sol";
import {IPurses, MovePurse} from "../../contracts/src/IPurses.sol";
import {Batch} from "../../contracts/src/ISettlement.sol";

/// A community changes its rules: purses move to the seats of the next area, and no token leaves the escrow.
contract MovedPursesTest is Street {
    Home internal home;
    /// The same account in the next area, whose unit is a hundred times as large.
    Home internal next;
    AreaRules internal nextRules;

    function setUp() public override {
        super.setUp();
        AreaRules memory first = rules;
        home = _ready(1, 10_000_000);
        AreaRules memory other = _rules(2);
        other.priceTick = 10_000;
        nextRules = _openArea(other);
        next = _inNextArea(2);
        (rules, rulesHash, area) = (first, hashes.hash(first), first.area);
    }

    /// A seat of the home's account in the next area, with the meter of this number.
    function _inNextArea(uint256 number) private returns (Home memory seat) {
        (rules, rulesHash, area) = (nextRules, hashes.hash(nextRules), nextRules.area);
        seat = _home(number);
        (seat.account, seat.accountKey) = (home.account, home.accountKey);
        seat.seat = _open(seat, _mandate(seat), uint32(block.timestamp), _epoch(seat));
    }

    function _move(uint128 amount) private view returns (MovePurse memory) {
        return MovePurse(home.account, home.seat, next.seat, amount, 0, NO_DEADLINE);
    }

    function _request(MovePurse memory move) private {
        bytes memory signature = _sign(home.accountKey, hashes.hash(move));
        vm.prank(address(0xbeef));
        escrow.requestMove(move, signature);
    }

    /// For tests that expect a refusal: everything is one call.
    function request(MovePurse memory move, uint256 key) external {
        escrow.requestMove(move, _sign(key, hashes.hash(move)));
    }

    function test_a_purse_moves_after_the_delay_and_no_token_leaves() public {
        vm.expectEmit();
        emit IPurses.MoveRequested(home.seat, TEN, next.seat, uint32(block.timestamp) + DELAY, 1);
        _request(_move(TEN));
        vm.assertEq(escrow.withdrawalOf(home.seat).toSeat, next.seat);
        vm.assertEq(escrow.withdrawalOf(home.seat).nextNonce, 1);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, block.timestamp + 1));
        escrow.claim(home.seat);
        vm.warp(block.timestamp + 1);
        vm.expectEmit();
        emit IPurses.PurseMoved(home.seat, next.seat, TEN, TEN / 100);
        escrow.claim(home.seat);
        vm.assertEq(escrow.balanceOf(home.seat), 0);
        vm.assertEq(escrow.balanceOf(next.seat), TEN / 100);
        vm.assertEq(token.balanceOf(address(escrow)), 10_000_000);
        vm.expectRevert(abi.encodeWithSelector(IPurses.NothingRequested.selector, home.seat));
        escrow.claim(home.seat);
        // From there it leaves like any other money.
        next.account = home.account;
        _request(next, type(uint128).max, address(7));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(next.seat);
        vm.assertEq(token.balanceOf(address(7)), 10_000_000);
    }

    function test_what_is_below_the_larger_unit_stays() public {
        _request(_move(1_234_567));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(escrow.balanceOf(home.seat), TEN - 1_234_500);
        vm.assertEq(escrow.balanceOf(next.seat), 12_345);
        // And back into the smaller unit, of which nothing is left over.
        MovePurse memory back = MovePurse(home.account, next.seat, home.seat, 45, 0, NO_DEADLINE);
        _request(back);
        vm.warp(block.timestamp + DELAY);
        escrow.claim(next.seat);
        vm.assertEq(escrow.balanceOf(home.seat), TEN - 1_234_500 + 4500);
        vm.assertEq(escrow.balanceOf(next.seat), 12_300);
        // Less than one of the larger units: nothing to move, and the request stays.
        MovePurse memory little = _move(99);
        little.nonce = 1;
        _request(little);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(IPurses.NothingToMove.selector);
        escrow.claim(home.seat);
        vm.assertEq(escrow.withdrawalOf(home.seat).amount, 99);
    }

    function test_a_purse_moves_between_seats_of_one_area() public {
        Home memory second = _home(3);
        (second.account, second.accountKey) = (home.account, home.accountKey);
        vm.warp(START + 10);
        second.seat = _open(second, _mandate(second), START, _epoch(second));
        MovePurse memory move = _move(70);
        move.to = second.seat;
        _request(move);
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(escrow.balanceOf(home.seat), TEN - 70);
        vm.assertEq(escrow.balanceOf(second.seat), 70);
    }

    function test_only_between_seats_of_the_account_and_with_its_signature() public {
        Home memory stranger = _home(4);
        vm.warp(START + 10);
        _open(stranger);
        MovePurse memory move = _move(70);
        move.to = stranger.seat;
        vm.expectRevert(ICommon.WrongParty.selector);
        this.request(move, home.accountKey);
        move = _move(70);
        move.account = stranger.account;
        vm.expectRevert(ICommon.WrongParty.selector);
        this.request(move, stranger.accountKey);
        move = _move(70);
        move.to = home.seat;
        vm.expectRevert(ICommon.WrongParty.selector);
        this.request(move, home.accountKey);
        move.to = home.seat + 100;
        vm.expectRevert(abi.encodeWithSelector(ICommon.SeatUnknown.selector, move.to));
        this.request(move, home.accountKey);
        (move.from, move.to) = (home.seat + 100, home.seat);
        vm.expectRevert(abi.encodeWithSelector(ICommon.SeatUnknown.selector, move.from));
        this.request(move, home.accountKey);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        this.request(_move(70), home.meterKey);
    }

    function test_a_move_counts_once_and_in_time() public {
        MovePurse memory move = _move(70);
        move.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IPurses.WrongNonce.selector, 0));
        this.request(move, home.accountKey);
        move.nonce = 0;
        _request(move);
        vm.expectRevert(abi.encodeWithSelector(IPurses.WrongNonce.selector, 1));
        this.request(move, home.accountKey);
        (move.nonce, move.deadline) = (1, uint32(block.timestamp) - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, move.deadline));
        this.request(move, home.accountKey);
    }

    /// A withdrawal and a move take the same place: the newer one counts, to where it says.
    function test_a_withdrawal_replaces_a_move() public {
        _request(_move(70));
        _request(home, 80, address(7));
        vm.assertEq(escrow.withdrawalOf(home.seat).toSeat, 0);
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(token.balanceOf(address(7)), 8);
        vm.assertEq(escrow.balanceOf(next.seat), 0);
        // And the other way round, with the delay anew.
        _request(home, 80, address(7));
        vm.warp(block.timestamp + DELAY);
        MovePurse memory move = _move(100);
        move.nonce = 3;
        _request(move);
        vm.expectRevert(abi.encodeWithSelector(ICommon.TooEarly.selector, block.timestamp + DELAY));
        escrow.claim(home.seat);
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(token.balanceOf(address(7)), 8);
        vm.assertEq(escrow.balanceOf(next.seat), 1);
    }

    /// While a batch of several parts is open, what the purse has moves, and what is still missing stays requested.
    function test_a_move_during_an_open_batch_keeps_the_rest_requested() public {
        Home memory seller = _ready(5, 0);
        vm.warp(START + DAY);
        bytes[] memory parts =
            _two(_entry(home, START + DAY, _buy(1000, 1000)), _entry(seller, START + DAY, _sell(1000, 1000)));
        Batch memory batch = _inParts(_batch(START, START + DAY), parts);
        _request(_move(TEN));
        vm.warp(block.timestamp + DELAY);
        _settle(batch, parts[0]);
        escrow.claim(home.seat);
        vm.assertEq(escrow.balanceOf(next.seat), (TEN - 1_000_000) / 100);
        vm.assertEq(escrow.withdrawalOf(home.seat).amount, 1_000_000);
        vm.prank(operator);
        escrow.abandonBatch(area);
        escrow.claim(home.seat);
        vm.assertEq(escrow.balanceOf(next.seat), TEN / 100);
    }

    /// What a purse takes with it counts in the next area: neither area can be emptied for the other.
    function test_each_area_holds_what_its_purses_have() public {
        _request(_move(type(uint128).max));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        token.mint(address(this), type(uint128).max);
        token.approve(address(escrow), type(uint128).max);
        // A million units arrived there, and 2^80 - 1 are the most.
        uint256 room = type(uint80).max - uint256(TEN) / 100;
        vm.expectRevert(IPurses.TooMuch.selector);
        escrow.deposit(next.seat, (room + 1) * 10);
        escrow.deposit(next.seat, room * 10);
        // None is left here: all of 2^80 - 1 units fit, of which ten are a base unit.
        escrow.deposit(home.seat, uint256(type(uint80).max) / 10);
    }
}
