cat train.yaml
kubectl describe pod train
cat > claim.yaml <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: train-data
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 10Mi
END
kubectl apply -f claim.yaml
kubectl describe pod train
podlab answer order a
cat > train.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: train
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 100m
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    persistentVolumeClaim:
      claimName: train-data
END
kubectl delete pod train --now
kubectl apply -f train.yaml
kubectl get pod train -o wide
