// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {FeeToken, QuietToken, FussyToken, WideToken} from "./Tokens.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {Withdrawal, IPurses} from "../../contracts/src/IPurses.sol";
import {Mandate} from "../../contracts/src/ISeats.sol";
import {Wallet} from "./Wallet.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// Tokens in, tokens out.
contract PursesTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _ready(1, 10_000_000);
    }

    function _switchToken(address other) private {
        vm.warp(START - INTERVAL + 10);
        escrow = _deploy(other, DELAY);
        _openHome();
        _open(home);
        home.seat = _seatId(1);
    }

    function _depositAs(address from, uint256 tokens) private {
        address token_ = escrow.token();
        vm.startPrank(from);
        (bool approved,) = token_.call(abi.encodeCall(IERC20.approve, (address(escrow), tokens)));
        vm.assertTrue(approved);
        escrow.deposit(home.seat, tokens);
        vm.stopPrank();
    }

    function test_anyone_deposits_into_any_seat() public {
        token.mint(address(this), 3);
        token.approve(address(escrow), 3);
        vm.expectEmit();
        emit IPurses.Deposited(home.seat, address(this), 30, 3);
        escrow.deposit(home.seat, 3);
        vm.assertEq(escrow.balanceOf(home.seat), TEN + 30);
    }

    function test_a_permit_pays_from_the_account_whoever_relays() public {
        token.mint(home.account, 5);
        bytes memory permit = _permit(home, 5, NO_DEADLINE);
        vm.prank(address(0xbeef));
        escrow.depositWithPermit(home.seat, 5, NO_DEADLINE, permit);
        vm.assertEq(escrow.balanceOf(home.seat), TEN + 50);
        vm.assertEq(token.balanceOf(home.account), 0);
    }

    /// Some tokens take the permit of a contract wallet in one piece, and ask the wallet.
    function test_a_contract_wallet_pays_by_permit() public {
        Wallet wallet = new Wallet();
        Home memory other = _home(2);
        other.account = address(wallet);
        Mandate memory mandate = _mandate(other);
        wallet.set(Wallet.Mood.Honest, _digest(hashes.hash(mandate)));
        other.seat = escrow.openSeat(
            mandate,
            "anything",
            _times(START),
            _consent(other, other.meterKey, rulesHash, START),
            _epoch(other),
            _sign(other.meterKey, hashes.hash(_epoch(other)))
        );
        token.mint(other.account, 5);
        wallet.set(Wallet.Mood.Refusing, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, other.account));
        escrow.depositWithPermit(other.seat, 5, NO_DEADLINE, "anything");
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, address(0), other.account));
        token.permit(other.account, address(escrow), 5, NO_DEADLINE, "anything");
        uint256 deadline = block.timestamp;
        wallet.set(Wallet.Mood.Honest, _permitDigest(other, 5, deadline));
        escrow.depositWithPermit(other.seat, 5, deadline, "anything");
        vm.assertEq(escrow.balanceOf(other.seat), 50);
        vm.assertEq(token.nonces(other.account), 1);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, deadline));
        token.permit(other.account, address(escrow), 5, deadline, "anything");
    }

    function test_refuses_a_deposit_of_nothing_or_into_no_seat() public {
        vm.expectRevert(IPurses.NothingToMove.selector);
        escrow.deposit(home.seat, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommon.SeatUnknown.selector, home.seat + 1));
        escrow.deposit(home.seat + 1, 1);
    }

    function test_refuses_more_than_the_ledger_can_hold() public {
        vm.expectRevert(IPurses.TooMuch.selector);
        escrow.deposit(home.seat, type(uint256).max);
        vm.expectRevert(IPurses.TooMuch.selector);
        escrow.deposit(home.seat, uint256(type(uint80).max) / 10);
        uint256 room = (type(uint80).max - TEN) / 10;
        _fund(home, room);
        vm.assertEq(escrow.balanceOf(home.seat), TEN + room * 10);
        vm.expectRevert(IPurses.TooMuch.selector);
        escrow.deposit(home.seat, 1);
    }

    function test_refuses_tokens_with_a_fee() public {
        FeeToken fee = new FeeToken();
        _switchToken(address(fee));
        fee.mint(address(this), 1000);
        fee.approve(address(escrow), 1000);
        vm.expectRevert(abi.encodeWithSelector(IPurses.TokenTookFee.selector, 1000, 990));
        escrow.deposit(home.seat, 1000);
    }

    function test_takes_tokens_that_return_nothing() public {
        QuietToken quiet = new QuietToken();
        _switchToken(address(quiet));
        quiet.mint(address(this), 1000);
        quiet.approve(address(escrow), 1000);
        escrow.deposit(home.seat, 1000);
        _request(home, type(uint128).max, address(7));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(quiet.balanceOf(address(7)), 1000);
    }

    function test_a_blocked_recipient_harms_nobody_else() public {
        FussyToken fussy = new FussyToken();
        _switchToken(address(fussy));
        Home memory other = _home(9);
        _open(other);
        fussy.mint(address(this), 2000);
        fussy.approve(address(escrow), 2000);
        escrow.deposit(home.seat, 1000);
        escrow.deposit(other.seat, 1000);
        _request(home, type(uint128).max, address(7));
        _request(other, type(uint128).max, address(8));
        vm.warp(block.timestamp + DELAY);
        fussy.refuse(address(7));
        vm.expectRevert();
        escrow.claim(home.seat);
        escrow.claim(other.seat);
        vm.assertEq(fussy.balanceOf(address(8)), 1000);
        // The blocked one names another address and waits again.
        _request(home, type(uint128).max, address(9));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(fussy.balanceOf(address(9)), 1000);
    }

    function test_eighteen_decimals_take_what_the_ledger_can_represent() public {
        WideToken wide = new WideToken();
        _switchToken(address(wide));
        wide.mint(address(this), 1e18);
        wide.approve(address(escrow), 1e18);
        vm.expectEmit();
        emit IPurses.Deposited(home.seat, address(this), 3, 3e11);
        escrow.deposit(home.seat, 3e11 + 99_999_999_999);
        vm.assertEq(wide.balanceOf(address(escrow)), 3e11);
        _request(home, 2, address(7));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(wide.balanceOf(address(7)), 2e11);
        vm.assertEq(escrow.balanceOf(home.seat), 1);
    }

    function test_anyone_relays_a_signed_withdrawal() public {
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
        bytes memory signature = _sign(home.accountKey, hashes.hash(withdrawal));
        vm.expectEmit();
        emit IPurses.WithdrawalRequested(home.seat, 70, address(7), uint32(block.timestamp) + DELAY, 1);
        escrow.requestWithdrawal(withdrawal, signature);
        vm.expectRevert(abi.encodeWithSelector(IPurses.WrongNonce.selector, 1));
        escrow.requestWithdrawal(withdrawal, signature);
    }

    function test_a_newer_request_replaces_the_open_one() public {
        _request(home, 70, address(7));
        vm.warp(block.timestamp + DELAY);
        _request(home, 80, address(8));
        vm.expectRevert();
        escrow.claim(home.seat);
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(token.balanceOf(address(7)), 0);
        vm.assertEq(token.balanceOf(address(8)), 8);
    }

    function test_refuses_a_request_by_another() public {
        Withdrawal memory withdrawal = Withdrawal(home.account, home.seat, 70, address(7), 0, NO_DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.requestWithdrawal(withdrawal, "");
        bytes memory signature = _sign(home.meterKey, hashes.hash(withdrawal));
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.requestWithdrawal(withdrawal, signature);
        withdrawal.account = address(this);
        vm.expectRevert(ICommon.WrongParty.selector);
        escrow.requestWithdrawal(withdrawal, "");
    }

    function test_refuses_a_request_too_late_or_to_nowhere() public {
        Withdrawal memory withdrawal =
            Withdrawal(home.account, home.seat, 70, address(7), 0, uint32(block.timestamp - 1));
        bytes memory signature = _sign(home.accountKey, hashes.hash(withdrawal));
        vm.expectRevert(abi.encodeWithSelector(ICommon.DeadlinePassed.selector, withdrawal.deadline));
        escrow.requestWithdrawal(withdrawal, signature);
        address[3] memory nowhere = [address(0), address(escrow), address(token)];
        for (uint256 i = 0; i < 3; ++i) {
            withdrawal.to = nowhere[i];
            vm.expectRevert(abi.encodeWithSelector(IPurses.BadRecipient.selector, nowhere[i]));
            escrow.requestWithdrawal(withdrawal, "");
        }
    }

    function test_the_grid_purse_is_the_grids_alone() public {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(ICommon.NotGrid.selector, operator));
        escrow.withdrawGrid(area, 1, operator);
        vm.prank(grid);
        vm.expectRevert(abi.encodeWithSelector(IPurses.GridPurseTooSmall.selector, 0));
        escrow.withdrawGrid(area, 1, grid);
        vm.expectRevert(abi.encodeWithSelector(ICommon.AreaUnknown.selector, 2));
        escrow.withdrawGrid(2, 1, grid);

        Home memory buyer = _ready(2, 10_000_000);
        vm.warp(START + DAY);
        _settle(
            _batch(START, START + DAY),
            abi.encodePacked(_entry(home, START + DAY, _sell(5, 1000)), _entry(buyer, START + DAY, _buy(5, 1005)))
        );
        vm.assertEq(escrow.gridBalance(area), 25);
        vm.startPrank(grid);
        vm.expectRevert(abi.encodeWithSelector(IPurses.BadRecipient.selector, address(0)));
        escrow.withdrawGrid(area, 25, address(0));
        vm.expectEmit();
        emit IPurses.GridWithdrawn(area, 20, address(7), 2);
        escrow.withdrawGrid(area, 25, address(7));
        vm.stopPrank();
        vm.assertEq(escrow.gridBalance(area), 5);
    }
}
