// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Street} from "./Street.sol";
import {Wallet} from "./Wallet.sol";
import {Revocations} from "../../contracts/src/Revocations.sol";

/// What an account granted below a number is void.
contract RevocationsTest is Street {
    Revocations internal revocations;
    Home internal home;

    function setUp() public override {
        super.setUp();
        revocations = new Revocations();
        home = _home(1);
    }

    function _digest(address account, uint64 below, uint32 deadline) private view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Commonwatt revocations"),
                keccak256("1"),
                block.chainid,
                address(revocations)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("RevokeGrants(address account,uint64 below,uint32 deadline)"), account, below, deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function _signed(uint64 below, uint32 deadline) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(home.accountKey, _digest(home.account, below, deadline));
        return abi.encodePacked(r, s, v);
    }

    function test_an_account_revokes_by_itself_or_by_signature() public {
        vm.assertEq(revocations.validFrom(home.account), 0);
        vm.prank(home.account);
        vm.expectEmit();
        emit Revocations.GrantsRevoked(home.account, 5);
        revocations.revoke(home.account, 5, NO_DEADLINE, "");
        revocations.revoke(home.account, 6, NO_DEADLINE, _signed(6, NO_DEADLINE));
        vm.assertEq(revocations.validFrom(home.account), 6);
        vm.assertEq(revocations.validFrom(address(this)), 0);
    }

    function test_refuses_another_hand_another_number_and_a_late_one() public {
        vm.expectRevert(abi.encodeWithSelector(Revocations.BadSignature.selector, home.account));
        revocations.revoke(home.account, 5, NO_DEADLINE, "");
        bytes memory signature = _signed(5, NO_DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(Revocations.BadSignature.selector, home.account));
        revocations.revoke(home.account, 6, NO_DEADLINE, signature);
        signature = _signed(5, uint32(block.timestamp));
        revocations.revoke(home.account, 5, uint32(block.timestamp), signature);
        vm.expectRevert(abi.encodeWithSelector(Revocations.NotHigher.selector, 5));
        revocations.revoke(home.account, 5, uint32(block.timestamp), signature);
        vm.expectRevert(abi.encodeWithSelector(Revocations.DeadlinePassed.selector, block.timestamp - 1));
        revocations.revoke(home.account, 6, uint32(block.timestamp - 1), signature);
    }

    function test_no_signature_revokes_all_that_will_ever_be_granted() public {
        vm.startPrank(home.account);
        vm.expectRevert(abi.encodeWithSelector(Revocations.StepTooLarge.selector, 0, 2 ** 42 + 1));
        revocations.revoke(home.account, 2 ** 42 + 1, NO_DEADLINE, "");
        revocations.revoke(home.account, 2 ** 42, NO_DEADLINE, "");
        revocations.revoke(home.account, 2 ** 43, NO_DEADLINE, "");
        vm.stopPrank();
    }

    function test_a_contract_wallet_revokes_by_its_own_word() public {
        Wallet wallet = new Wallet();
        wallet.set(Wallet.Mood.Honest, _digest(address(wallet), 5, NO_DEADLINE));
        revocations.revoke(address(wallet), 5, NO_DEADLINE, "anything");
        vm.assertEq(revocations.validFrom(address(wallet)), 5);
    }
}
