// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "../Street.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// A permit seen in the mempool and used first does not stop the deposit, and cannot go anywhere else.
contract PermitTest is Street {
    Home internal home;

    function setUp() public override {
        super.setUp();
        home = _home(1);
        _open(home);
        home.seat = escrow.seatOf(home.account, home.meter, 1);
        token.mint(home.account, 100);
    }

    function _permit() private view returns (uint8, bytes32, bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                home.account,
                address(escrow),
                100,
                0,
                NO_DEADLINE
            )
        );
        return vm.sign(home.accountKey, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_a_front_run_permit_still_deposits() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit();
        vm.prank(address(0xbad));
        token.permit(home.account, address(escrow), 100, NO_DEADLINE, v, r, s);
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, v, r, s);
        vm.assertEq(escrow.balanceOf(home.seat), 1000);
    }

    function test_a_permit_only_fills_the_accounts_own_seat() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit();
        Home memory thief = _home(2);
        _open(thief);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(escrow), 0, 100)
        );
        escrow.depositWithPermit(thief.seat, 100, NO_DEADLINE, v, r, s);
    }
}
