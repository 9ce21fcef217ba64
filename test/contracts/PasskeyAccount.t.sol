// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Passkeys} from "./Passkeys.sol";
import {Call, Key, PasskeyAccount} from "../../contracts/src/PasskeyAccount.sol";
import {PasskeyAccounts} from "../../contracts/src/PasskeyAccounts.sol";
import {ICommon} from "../../contracts/src/ICommon.sol";
import {Mandate, EpochStart} from "../../contracts/src/ISeats.sol";
import {IPurses, Withdrawal} from "../../contracts/src/IPurses.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// An account whose owner is a passkey: it signs for the escrow, spends what it holds, and can be recovered.
contract PasskeyAccountTest is Passkeys {
    uint256 internal constant OWNER = 11;
    uint256 internal constant SECOND = 12;
    uint256 internal constant RECOVERY_KEY = 0x5ec;
    Key internal none;
    PasskeyAccount internal account;

    function setUp() public override {
        super.setUp();
        account = _openAccount(OWNER, _address(vm.addr(RECOVERY_KEY)));
    }

    // --- opening ---

    function test_opens_once_at_an_address_known_before() public {
        address expected = accounts.addressOf(_passkey(SECOND), none);
        vm.expectEmit();
        emit PasskeyAccounts.AccountOpened(expected, _passkey(SECOND), none);
        vm.assertEq(accounts.open(_passkey(SECOND), none), expected);
        vm.assertEq(accounts.open(_passkey(SECOND), none), expected);
        vm.assertEq(PasskeyAccount(payable(expected)).owner().x, _passkey(SECOND).x);
        vm.assertEq(PasskeyAccount(payable(expected)).recovery().x, 0);
        vm.assertEq(account.recovery().x, _address(vm.addr(RECOVERY_KEY)).x);
        vm.assertTrue(accounts.addressOf(_passkey(SECOND), _passkey(OWNER)) != expected);
        vm.expectRevert(PasskeyAccount.AlreadyOpen.selector);
        account.open(_passkey(SECOND), none);
        PasskeyAccount original = PasskeyAccount(accounts.implementation());
        vm.expectRevert(PasskeyAccount.AlreadyOpen.selector);
        original.open(_passkey(SECOND), none);
    }

    function test_a_key_is_a_point_or_an_address() public {
        // The last one is a point of the curve. But an account whose owner begins with 0 is one that nobody has opened.
        Key[6] memory bad = [
            Key(0, 0),
            Key(0, bytes32(uint256(1))),
            Key(bytes32(uint256(1)), bytes32(uint256(1))),
            Key(bytes32(uint256(1) << 160), 0),
            Key(_passkey(1).x, _passkey(2).y),
            Key(0, 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.BadKey.selector, bad[i].x, bad[i].y));
            accounts.open(bad[i], none);
            if (i == 0) continue;
            vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.BadKey.selector, bad[i].x, bad[i].y));
            accounts.open(_passkey(SECOND), bad[i]);
        }
        Key memory last = _address(address(type(uint160).max));
        vm.assertEq(PasskeyAccount(accounts.open(last, none)).owner().x, last.x);
        Key memory itself = _address(address(account));
        Call[] memory calls = _one(address(account), abi.encodeCall(account.changeOwner, (itself)));
        bytes memory signature = _assert(OWNER, _execution(account, calls, 0, NO_DEADLINE));
        bytes memory reason = abi.encodeWithSelector(PasskeyAccount.BadKey.selector, itself.x, itself.y);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.CallFailed.selector, address(account), reason));
        account.execute(calls, 0, NO_DEADLINE, signature);
    }

    // --- signing ---

    function _isSigned(bytes32 hash, bytes memory signature) private view returns (bool) {
        return account.isValidSignature(hash, signature) == IERC1271.isValidSignature.selector;
    }

    function test_signs_what_its_passkey_signed_and_nothing_else() public view {
        bytes32 hash = keccak256("hash");
        vm.assertTrue(_isSigned(hash, _assert(OWNER, hash)));
        vm.assertFalse(_isSigned(keccak256("other"), _assert(OWNER, hash)));
        vm.assertFalse(_isSigned(hash, _assert(SECOND, hash)));
        // The person was there but not verified; and an assertion that was made for something else.
        vm.assertFalse(_isSigned(hash, _assert(OWNER, hash, 0x01, "webauthn.get")));
        vm.assertFalse(_isSigned(hash, _assert(OWNER, hash, VERIFIED, "webauthn.create")));
        vm.assertFalse(_isSigned(hash, ""));
        vm.assertFalse(_isSigned(hash, new bytes(0xc0)));
        vm.assertFalse(_isSigned(hash, new bytes(65)));
        bytes memory cut = _assert(OWNER, hash);
        cut[0xc0 + 31] = 0xff;
        vm.assertFalse(_isSigned(hash, cut));
    }

    function test_an_address_may_own_it_as_well() public {
        PasskeyAccount owned = PasskeyAccount(accounts.open(_address(vm.addr(7)), none));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(7, keccak256("hash"));
        vm.assertEq(
            owned.isValidSignature(keccak256("hash"), abi.encodePacked(r, s, v)), IERC1271.isValidSignature.selector
        );
        vm.assertEq(owned.isValidSignature(keccak256("x"), abi.encodePacked(r, s, v)), bytes4(0xffffffff));
    }

    /// Opens a seat, takes in money by permit, trades, and takes it out: every signature is the passkey's.
    function test_a_household_without_any_other_key() public {
        Home memory home = _home(1);
        home.account = address(account);
        Mandate memory mandate = _mandate(home);
        EpochStart memory epoch = _epoch(home);
        home.seat = escrow.openSeat(
            mandate,
            _assert(OWNER, _digest(hashes.hash(mandate))),
            _times(START),
            _consent(home, home.meterKey, rulesHash, START),
            epoch,
            _sign(home.meterKey, hashes.hash(epoch))
        );
        _confirm(home, 10_000, START);
        token.mint(address(account), 10_000_000);
        bytes32 permit = _permitDigest(home, 10_000_000, NO_DEADLINE);
        escrow.depositWithPermit(home.seat, 10_000_000, NO_DEADLINE, _assert(OWNER, permit));
        vm.assertEq(escrow.balanceOf(home.seat), TEN);
        Home memory seller = _ready(2, 0);
        vm.warp(START + DAY);
        bytes memory entries = abi.encodePacked(
            _entry(home, START + DAY, _buy(5000, 1000)), _entry(seller, START + DAY, _sell(5000, 1000))
        );
        _settle(_batch(START, START + DAY), entries);
        Withdrawal memory out = Withdrawal(home.account, home.seat, type(uint128).max, address(account), 0, NO_DEADLINE);
        escrow.requestWithdrawal(out, _assert(OWNER, _digest(hashes.hash(out))));
        vm.warp(block.timestamp + DELAY);
        escrow.claim(home.seat);
        vm.assertEq(token.balanceOf(address(account)), 9_500_000);
        // And on from there.
        _execute(account, OWNER, _one(address(token), abi.encodeCall(IERC20.transfer, (address(7), 9_500_000))));
        vm.assertEq(token.balanceOf(address(7)), 9_500_000);
    }

    function test_a_permit_of_a_wallet_counts_once_and_for_its_own_seat() public {
        Home memory home = _home(1);
        home.account = address(account);
        Mandate memory mandate = _mandate(home);
        EpochStart memory epoch = _epoch(home);
        bytes memory consent = _consent(home, home.meterKey, rulesHash, START);
        bytes memory epochSignature = _sign(home.meterKey, hashes.hash(epoch));
        vm.prank(address(account));
        home.seat = escrow.openSeat(mandate, "", _times(START), consent, epoch, epochSignature);
        token.mint(address(account), 200);
        bytes memory permit = _assert(OWNER, _permitDigest(home, 100, NO_DEADLINE));
        // Whoever saw it hands it to the token first: the deposit goes through all the same.
        token.permit(address(account), address(escrow), 100, NO_DEADLINE, permit);
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, permit);
        vm.assertEq(escrow.balanceOf(home.seat), 1000);
        // Nor does it draw on an allowance that the account gives for another purpose.
        vm.prank(address(account));
        token.approve(address(escrow), type(uint256).max);
        vm.expectPartialRevert(IPurses.PermitUsed.selector);
        escrow.depositWithPermit(home.seat, 100, NO_DEADLINE, permit);
        vm.expectRevert();
        token.permit(address(account), address(escrow), 100, NO_DEADLINE, permit);
        vm.warp(NO_DEADLINE + 1);
        vm.expectRevert();
        token.permit(address(account), address(escrow), 100, NO_DEADLINE, permit);
    }

    // --- acting ---

    function test_carries_out_what_its_owner_signed_once_in_order_and_in_time() public {
        token.mint(address(account), 100);
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(token), 0, abi.encodeCall(IERC20.transfer, (address(7), 60)));
        calls[1] = Call(address(0x1009), 3, "");
        (bool paid,) = address(account).call{value: 5}("");
        vm.assertTrue(paid);
        uint256 deadline = block.timestamp + 60;
        bytes memory signature = _assert(OWNER, _execution(account, calls, 0, deadline));
        calls[1].value = 4;
        vm.expectRevert(PasskeyAccount.BadSignature.selector);
        account.execute(calls, 0, deadline, signature);
        calls[1].value = 3;
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.WrongNonce.selector, 0));
        account.execute(calls, 1, deadline, signature);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.DeadlinePassed.selector, deadline));
        account.execute(calls, 0, deadline, signature);
        vm.warp(deadline);
        vm.expectEmit();
        emit PasskeyAccount.Executed(0);
        account.execute(calls, 0, deadline, signature);
        vm.assertEq(token.balanceOf(address(7)), 60);
        vm.assertEq(address(0x1009).balance, 3);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.WrongNonce.selector, 1));
        account.execute(calls, 0, deadline, signature);
    }

    function test_all_calls_or_none() public {
        token.mint(address(account), 100);
        Call[] memory calls = new Call[](2);
        calls[0] = Call(address(token), 0, abi.encodeCall(IERC20.transfer, (address(7), 60)));
        calls[1] = Call(address(token), 0, abi.encodeCall(IERC20.transfer, (address(7), 60)));
        bytes memory signature = _assert(OWNER, _execution(account, calls, 0, NO_DEADLINE));
        vm.expectPartialRevert(PasskeyAccount.CallFailed.selector);
        account.execute(calls, 0, NO_DEADLINE, signature);
        vm.assertEq(token.balanceOf(address(7)), 0);
        vm.assertEq(account.nextNonce(), 0);
    }

    function test_only_the_account_itself_changes_its_keys() public {
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.NotSelf.selector, address(this)));
        account.changeOwner(_passkey(SECOND));
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.NotSelf.selector, address(this)));
        account.changeRecovery(none);
        _execute(account, OWNER, _one(address(account), abi.encodeCall(account.changeRecovery, (_passkey(SECOND)))));
        vm.assertEq(account.recovery().y, _passkey(SECOND).y);
        vm.expectEmit();
        emit PasskeyAccount.OwnerChanged(_passkey(SECOND));
        _execute(account, OWNER, _one(address(account), abi.encodeCall(account.changeOwner, (_passkey(SECOND)))));
        vm.assertFalse(_isSigned(keccak256("hash"), _assert(OWNER, keccak256("hash"))));
        vm.assertTrue(_isSigned(keccak256("hash"), _assert(SECOND, keccak256("hash"))));
    }

    // --- recovering ---

    function _request(Key memory next, uint256 nonce) private {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(RECOVERY_KEY, _recovery(account, next, nonce, NO_DEADLINE));
        account.requestRecovery(next, nonce, NO_DEADLINE, abi.encodePacked(r, s, v));
    }

    function _veto(uint256 nonce) private view returns (bytes memory) {
        return _assert(
            OWNER, _accountDigest(address(account), keccak256(abi.encode(keccak256("Veto(uint256 nonce)"), nonce)))
        );
    }

    function test_a_lost_passkey_is_followed_by_another_after_the_delay() public {
        uint64 from = uint64(block.timestamp) + RECOVERY_DELAY;
        vm.expectRevert(PasskeyAccount.NothingRequested.selector);
        account.finishRecovery();
        vm.expectEmit();
        emit PasskeyAccount.RecoveryRequested(_passkey(SECOND), 0, from);
        _request(_passkey(SECOND), 0);
        vm.assertTrue(_isSigned(keccak256("hash"), _assert(OWNER, keccak256("hash"))));
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.TooEarly.selector, from));
        account.finishRecovery();
        vm.warp(from);
        account.finishRecovery();
        vm.assertFalse(_isSigned(keccak256("hash"), _assert(OWNER, keccak256("hash"))));
        vm.assertTrue(_isSigned(keccak256("hash"), _assert(SECOND, keccak256("hash"))));
        vm.expectRevert(PasskeyAccount.NothingRequested.selector);
        account.finishRecovery();
    }

    function test_a_second_passkey_recovers_too() public {
        account = _openAccount(OWNER, _passkey(SECOND));
        bytes memory signature = _assert(SECOND, _recovery(account, _passkey(13), 0, NO_DEADLINE));
        account.requestRecovery(_passkey(13), 0, NO_DEADLINE, signature);
        vm.warp(block.timestamp + RECOVERY_DELAY);
        account.finishRecovery();
        vm.assertEq(account.owner().x, _passkey(13).x);
    }

    function test_the_owner_objects_within_the_delay() public {
        vm.expectRevert(PasskeyAccount.NothingRequested.selector);
        account.vetoRecovery("");
        _request(_passkey(SECOND), 0);
        bytes memory veto = _veto(0);
        bytes memory vetoOfTheNext = _veto(1);
        vm.expectRevert(PasskeyAccount.BadSignature.selector);
        account.vetoRecovery(vetoOfTheNext);
        vm.expectEmit();
        emit PasskeyAccount.RecoveryVetoed(0);
        account.vetoRecovery(veto);
        vm.warp(block.timestamp + RECOVERY_DELAY);
        vm.expectRevert(PasskeyAccount.NothingRequested.selector);
        account.finishRecovery();
        // An objection is to one request: the next one takes another.
        _request(_passkey(SECOND), 1);
        vm.expectRevert(PasskeyAccount.BadSignature.selector);
        account.vetoRecovery(veto);
    }

    /// Whoever sees the objection on its way asks again first, and the objection is to nothing any more. But each request waits
    /// for the whole delay, in which the owner objects to that one.
    function test_asking_again_before_an_objection_gains_nothing() public {
        _request(_passkey(SECOND), 0);
        bytes memory first = _veto(0);
        vm.warp(block.timestamp + RECOVERY_DELAY - 1);
        _request(_passkey(SECOND), 1);
        vm.expectRevert(PasskeyAccount.BadSignature.selector);
        account.vetoRecovery(first);
        vm.warp(block.timestamp + RECOVERY_DELAY - 1);
        vm.expectPartialRevert(PasskeyAccount.TooEarly.selector);
        account.finishRecovery();
        account.vetoRecovery(_veto(1));
        vm.assertEq(account.owner().x, _passkey(OWNER).x);
        vm.assertEq(account.recoverableFrom(), 0);
    }

    function test_a_recovery_is_signed_once_in_time_and_by_the_recovery_key() public {
        Key memory next = _passkey(SECOND);
        bytes memory byOwner = _assert(OWNER, _recovery(account, next, 0, NO_DEADLINE));
        vm.expectRevert(PasskeyAccount.BadSignature.selector);
        account.requestRecovery(next, 0, NO_DEADLINE, byOwner);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.WrongNonce.selector, 0));
        account.requestRecovery(next, 1, NO_DEADLINE, byOwner);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.DeadlinePassed.selector, block.timestamp - 1));
        account.requestRecovery(next, 0, block.timestamp - 1, byOwner);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.BadKey.selector, bytes32(0), bytes32(0)));
        this.request(none, 0);
        _request(next, 0);
        vm.expectRevert(abi.encodeWithSelector(PasskeyAccount.WrongNonce.selector, 1));
        this.request(next, 0);
        // A later request replaces it, and waits anew.
        vm.warp(block.timestamp + RECOVERY_DELAY);
        _request(_passkey(13), 1);
        vm.expectPartialRevert(PasskeyAccount.TooEarly.selector);
        account.finishRecovery();
    }

    function request(Key memory next, uint256 nonce) external {
        _request(next, nonce);
    }

    function test_without_a_recovery_key_nobody_recovers() public {
        account = _openAccount(OWNER, none);
        vm.expectRevert(PasskeyAccount.BadSignature.selector);
        account.requestRecovery(_passkey(SECOND), 0, NO_DEADLINE, new bytes(65));
    }

    function test_keys_that_the_owner_changes_end_a_recovery() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 before = vm.snapshotState();
            _request(_passkey(SECOND), 0);
            bytes memory change = i == 0
                ? abi.encodeCall(account.changeOwner, (_passkey(13)))
                : abi.encodeCall(account.changeRecovery, (none));
            _execute(account, OWNER, _one(address(account), change));
            vm.warp(block.timestamp + RECOVERY_DELAY);
            vm.expectRevert(PasskeyAccount.NothingRequested.selector);
            account.finishRecovery();
            vm.revertToState(before);
        }
    }
}
