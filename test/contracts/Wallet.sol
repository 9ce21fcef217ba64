// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A contract wallet in different moods.
contract Wallet {
    enum Mood {
        Honest,
        Refusing,
        Reverting,
        Burning,
        Bombing,
        Shouting,
        Short,
        Calling,
        Thorough
    }

    Mood public mood;
    bytes32 public approved;
    address public victim;
    bytes public callback;

    function set(Mood mood_, bytes32 approved_) external {
        (mood, approved) = (mood_, approved_);
    }

    /// From now on it approves everything, once its own call to `victim_` went through.
    function callBack(address victim_, bytes calldata callback_) external {
        (mood, victim, callback) = (Mood.Calling, victim_, callback_);
    }

    function isValidSignature(bytes32 digest, bytes calldata) external returns (bytes4) {
        if (mood == Mood.Reverting) revert("no");
        if (mood == Mood.Burning) while (true) {}
        if (mood == Mood.Bombing) {
            assembly {
                return(0, 1000000)
            }
        }
        // It says yes, and takes it back.
        if (mood == Mood.Shouting) {
            assembly {
                mstore(0, shl(224, 0x1626ba7e))
                revert(0, 32)
            }
        }
        // As expensive as a passkey in plain EVM code may become.
        if (mood == Mood.Thorough) {
            uint256 before = gasleft();
            while (before - gasleft() < 900_000) {}
            return digest == approved ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
        }
        if (mood == Mood.Short) {
            assembly {
                mstore(0, shl(224, 0x1626ba7e))
                return(0, 4)
            }
        }
        if (mood == Mood.Calling) {
            (bool done,) = victim.call(callback);
            return done ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
        }
        return mood == Mood.Honest && digest == approved ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    function execute(address target, bytes calldata call) external {
        (bool done,) = target.call(call);
        require(done);
    }
}
