// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {HookToken} from "../Tokens.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// A token that calls back in the middle of a transfer gets nothing a second time.
contract ReentrancyByTokenTest is Street {
    HookToken internal hook;
    Home internal home;

    function setUp() public override {
        vm.warp(START - INTERVAL + 10);
        hook = new HookToken();
        escrow = _deploy(address(hook), DELAY);
        _openHome();
        home = _home(1);
        _open(home);
        home.seat = escrow.seatOf(home.account, home.meter, area);
        hook.mint(address(this), 1000);
        hook.mint(address(hook), 1000);
        hook.approve(address(escrow), 1000);
        vm.prank(address(hook));
        hook.approve(address(escrow), 1000);
        escrow.deposit(home.seat, 500);
    }

    function _expectBlocked() private view {
        vm.assertFalse(hook.succeeded());
        vm.assertEq(hook.answer(), abi.encodePacked(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }

    function test_a_deposit_inside_a_deposit() public {
        hook.hook(address(escrow), abi.encodeCall(escrow.deposit, (home.seat, 100)));
        escrow.deposit(home.seat, 200);
        _expectBlocked();
        vm.assertEq(escrow.balanceOf(home.seat), 7000);
    }

    function test_a_claim_inside_a_claim() public {
        _request(home, 1000, address(7));
        vm.warp(block.timestamp + DELAY);
        hook.hook(address(escrow), abi.encodeCall(escrow.claim, (home.seat)));
        escrow.claim(home.seat);
        _expectBlocked();
        vm.assertEq(hook.balanceOf(address(7)), 100);
        vm.assertEq(escrow.balanceOf(home.seat), 4000);
    }

    function test_a_claim_inside_a_deposit() public {
        _request(home, 1000, address(7));
        vm.warp(block.timestamp + DELAY);
        hook.hook(address(escrow), abi.encodeCall(escrow.claim, (home.seat)));
        escrow.deposit(home.seat, 200);
        _expectBlocked();
    }

    function test_a_withdrawal_of_the_grid_inside_a_claim() public {
        _request(home, 1000, address(7));
        vm.warp(block.timestamp + DELAY);
        hook.hook(address(escrow), abi.encodeCall(escrow.withdrawGrid, (area, 1, address(7))));
        escrow.claim(home.seat);
        _expectBlocked();
    }
}
