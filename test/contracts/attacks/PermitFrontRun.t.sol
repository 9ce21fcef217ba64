// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {WrappedCoin} from "../Tokens.sol";
import {IEscrow} from "../../../contracts/src/IEscrow.sol";

/// A permit seen in the mempool and used first does not stop the deposit, and cannot go anywhere else.
contract PermitFrontRunTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _home(1);
        _open(home);
        home.seat = escrow.seatOf(home.account, home.meter, 1);
        token.mint(home.account, 100);
    }

    function test_a_front_run_permit_still_deposits() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(home, 100, NO_DEADLINE);
        vm.prank(address(0xbad));
        token.permit(home.account, address(escrow), 100, NO_DEADLINE, v, r, s);
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, v, r, s);
        vm.assertEq(escrow.balanceOf(home.seat), 1000);
    }

    function test_a_permit_only_fills_the_accounts_own_seat() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(home, 100, NO_DEADLINE);
        Home memory thief = _home(2);
        _open(thief);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, thief.account));
        escrow.depositWithPermit(thief.seat, 100, NO_DEADLINE, v, r, s);
    }

    /// An allowance that the account gave for another purpose is nobody else's to use.
    function test_a_standing_allowance_is_not_a_permit() public {
        vm.prank(home.account);
        token.approve(address(escrow), 100);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.account));
        vm.prank(address(0xbad));
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, 27, bytes32(uint256(1)), bytes32(uint256(1)));
    }

    function test_a_used_permit_does_not_outlive_its_deadline() public {
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = _permit(home, 100, deadline);
        escrow.depositWithPermit(home.seat, 100, deadline, v, r, s);
        token.mint(home.account, 100);
        vm.prank(home.account);
        token.approve(address(escrow), 100);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IEscrow.BadSignature.selector, home.account));
        escrow.depositWithPermit(home.seat, 100, deadline, v, r, s);
    }

    /// A token that accepts any call, as wrapped coins do, has no permits.
    function test_a_token_that_accepts_any_call_has_no_permits() public {
        WrappedCoin coin = new WrappedCoin();
        escrow = _deploy(address(coin), DELAY);
        rules = _rules(1);
        rulesHash = hashes.hash(rules);
        vm.prank(grid);
        escrow.openArea(rules, operator);
        _open(home);
        coin.mint(home.account, 1e18);
        vm.prank(home.account);
        coin.approve(address(escrow), 1e18);
        vm.expectRevert();
        escrow.depositWithPermit(home.seat, 1e18, NO_DEADLINE, 27, bytes32(0), bytes32(0));
    }
}
