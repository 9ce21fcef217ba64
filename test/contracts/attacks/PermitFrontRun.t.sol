// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {WrappedCoin} from "../Tokens.sol";
import {ICommon} from "../../../contracts/src/ICommon.sol";
import {IPurses} from "../../../contracts/src/IPurses.sol";

/// A permit seen in the mempool and used first does not stop the deposit, and cannot go anywhere else.
contract PermitFrontRunTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _home(1);
        _open(home);
        home.seat = escrow.seatOf(home.account, home.meter, area);
        token.mint(home.account, 100);
    }

    function _pieces(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function test_a_front_run_permit_still_deposits() public {
        bytes memory permit = _permit(home, 100, NO_DEADLINE);
        (bytes32 r, bytes32 s, uint8 v) = _pieces(permit);
        vm.prank(address(0xbad));
        token.permit(home.account, address(escrow), 100, NO_DEADLINE, v, r, s);
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, permit);
        vm.assertEq(escrow.balanceOf(home.seat), 1000);
    }

    function test_a_permit_only_fills_the_accounts_own_seat() public {
        bytes memory permit = _permit(home, 100, NO_DEADLINE);
        Home memory thief = _home(2);
        _open(thief);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, thief.account));
        escrow.depositWithPermit(thief.seat, 100, NO_DEADLINE, permit);
    }

    /// An allowance that the account gave for another purpose is nobody else's to use.
    function test_a_standing_allowance_is_not_a_permit() public {
        vm.prank(home.account);
        token.approve(address(escrow), 100);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        vm.prank(address(0xbad));
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, abi.encodePacked(uint256(1), uint256(1), uint8(27)));
    }

    /// What was signed for one deposit does not draw a second one from what the account allows for another purpose.
    function test_a_permit_is_for_one_deposit() public {
        bytes memory permit = _permit(home, 100, NO_DEADLINE);
        bytes32 digest = _permitDigest(home, 100, NO_DEADLINE);
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, permit);
        token.mint(home.account, 1000);
        vm.prank(home.account);
        token.approve(address(escrow), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IPurses.PermitUsed.selector, digest));
        vm.prank(address(0xbad));
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, permit);
        vm.assertEq(token.balanceOf(home.account), 1000);
    }

    /// Nor does one that was handed to the token alone, once its time is over.
    function test_a_used_permit_does_not_outlive_its_deadline() public {
        uint256 deadline = block.timestamp;
        bytes memory permit = _permit(home, 100, deadline);
        (bytes32 r, bytes32 s, uint8 v) = _pieces(permit);
        token.permit(home.account, address(escrow), 100, deadline, v, r, s);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ICommon.BadSignature.selector, home.account));
        escrow.depositWithPermit(home.seat, 100, deadline, permit);
    }

    /// A token that accepts any call, as wrapped coins do, has no permits.
    function test_a_token_that_accepts_any_call_has_no_permits() public {
        WrappedCoin coin = new WrappedCoin();
        escrow = _deploy(address(coin), DELAY);
        _openHome();
        _open(home);
        home.seat = _seatId(1);
        coin.mint(home.account, 1e18);
        vm.prank(home.account);
        coin.approve(address(escrow), 1e18);
        vm.expectRevert();
        escrow.depositWithPermit(home.seat, 1e18, NO_DEADLINE, abi.encodePacked(bytes32(0), bytes32(0), uint8(27)));
    }
}
